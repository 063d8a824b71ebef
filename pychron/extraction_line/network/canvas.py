"""What a canvas file draws, as values: things with a place and a size, and lines between them. Pure.

Lengths are those of the file (arbitrary canvas units, y upwards); volumes are as written, cubic centimetres by custom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from pychron.config.problems import Place

Colour = tuple[int, int, int] | str
"""Red, green and blue from 0 to 255, or the word that the file has (`white`, or the name of another thing)."""


class Part(StrEnum):
    """What a thing of the canvas is to the gas."""

    VALVE = "valve"
    PUMP = "pump"
    PIPETTE = "pipette"
    LASER = "laser"
    TANK = "tank"
    SPECTROMETER = "spectrometer"
    COLDFINGER = "coldfinger"
    GETTER = "getter"
    GAUGE = "gauge"
    STAGE = "stage"
    DRAWN = "drawn"
    """Drawn, and no part of the network."""


PARTS: Mapping[str, Part] = MappingProxyType(
    {
        "stage": Part.STAGE,
        "circle_stage": Part.STAGE,
        "spectrometer": Part.SPECTROMETER,
        "valve": Part.VALVE,
        "rough_valve": Part.VALVE,
        "manual_valve": Part.VALVE,
        "turbo": Part.PUMP,
        "ionpump": Part.PUMP,
        "laser": Part.LASER,
        "circle_laser": Part.LASER,
        "tank": Part.TANK,
        "pipette": Part.PIPETTE,
        "gauge": Part.GAUGE,
        "getter": Part.GETTER,
        "coldfinger": Part.COLDFINGER,
        "switch": Part.DRAWN,
        "rectangle": Part.DRAWN,
    }
)
"""By tag of the file (spec rpc-and-valves 5.2)."""
LINKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("connection", "elbow", "vconnection", "hconnection", "rconnection"), ("start", "end")
        ),
        **dict.fromkeys(("tee_connection", "fork_connection"), ("left", "mid", "right")),
        "cross_connection": ("left", "right", "top", "bottom"),
    }
)
"""By tag: the keys of its ends, in order."""
DRAWN_LINKS = frozenset({"cross_connection"})
"""Drawn, and no part of the network."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of the canvas. `x` and `y` are its lower left corner; a size of 0 means: as the configuration says."""

    tag: str
    part: Part
    name: str
    place: Place
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    colour: Colour | None = None
    """None: as the configuration, or who draws it, has it for the tag."""
    display_name: str | None = None
    """What is written instead of the name; empty: nothing. None: the name."""
    fill: bool = True
    border_width: float | None = None
    font: str = ""
    widget: str = ""
    labels: tuple[Label, ...] = ()
    volume: float = 0.0
    open_volume: float = 10.0
    closed_volume: float = 5.0
    """The volume of a valve is `closed_volume`, and `open_volume` more while it is open."""

    @property
    def shown(self) -> str:
        return self.name if self.display_name is None else self.display_name


@dataclass(frozen=True, slots=True)
class Label:
    """A text; inside a thing `x` and `y` are an offset from it."""

    text: str
    place: Place
    x: float = 0.0
    y: float = 0.0
    font: str = ""
    colour: Colour | None = None
    use_border: bool = True


@dataclass(frozen=True, slots=True)
class End:
    """Where a line meets a thing: its name, and an offset from the thing's corner (None: its middle)."""

    name: str
    place: Place
    offset: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A line of tubing. Its ends are in the order of `LINKS`."""

    tag: str
    ends: tuple[End, ...]
    place: Place
    orientation: str = ""
    """`vertical`, `horizontal` or empty."""
    volume: float = 0.0
    prong: float = 0.0
    """Length of a fork's prongs; 0: as who draws it likes."""
    colour: Colour | None = None

    @property
    def name(self) -> str:
        """`A_B` of two ends, `A-B-C` of more."""
        return ("_" if len(self.ends) == 2 else "-").join(end.name for end in self.ends)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of the canvas or its configuration: drawn behind everything."""

    file: str
    place: Place
    x: float = 0.0
    y: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line that carries no gas."""

    start: tuple[float, float]
    end: tuple[float, float]
    place: Place


@dataclass(frozen=True, slots=True)
class CanvasConfig:
    """canvas_config.xml: the view and the colours. The network ignores all of it."""

    origin: tuple[float, float] = (0.0, 0.0)
    xview: tuple[float, float] = (-25.0, 25.0)
    yview: tuple[float, float] = (-25.0, 25.0)
    valve_dimension: tuple[float, float] = (2.0, 2.0)
    connection_dimension: float = 10.0
    """Width of tubing, in pixels."""
    font: str = ""
    colours: Mapping[str, Colour] = field(default_factory=lambda: MappingProxyType({}))
    """By tag, `bgcolor` for the ground."""
    images: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Canvas:
    """All of one canvas file with its configuration, in file order."""

    items: tuple[Item, ...] = ()
    links: tuple[Link, ...] = ()
    labels: tuple[Label, ...] = ()
    lines: tuple[Line, ...] = ()
    images: tuple[Picture, ...] = ()
    config: CanvasConfig = field(default_factory=CanvasConfig)
    by_name: Mapping[str, Item] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named: dict[str, Item] = {}
        for item in self.items:
            named.setdefault(item.name, item)
        object.__setattr__(self, "by_name", MappingProxyType(named))

    def colour(self, name: str) -> Colour | None:
        """The thing's own colour, else that of its tag in the configuration; a colour that names another thing is
        that thing's. None: nobody says one. KeyError where there is no such thing."""
        seen: set[str] = set()
        while True:
            item = self.by_name[name]
            colour = item.colour if item.colour is not None else self.config.colours.get(item.tag)
            if not isinstance(colour, str) or colour not in self.by_name or colour in seen:
                return colour
            seen.add(name)
            name = colour

    def size(self, name: str) -> tuple[float, float]:
        """Width and height as drawn: valves and switches without a size have the configuration's."""
        item = self.by_name[name]
        wide, high = self.config.valve_dimension
        return item.width or wide, item.height or high
