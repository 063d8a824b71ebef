"""Canvas files of installed labs, every oddity with its file and line. Pure.

A wrong canvas costs its drawing, never the line: all that is found here are warnings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from pychron.config.problems import Place, Report, nearest
from pychron.config.words import read_flag
from pychron.config.xml_file import XmlElement
from pychron.extraction_line.network.canvas import (
    LINKS,
    PARTS,
    Canvas,
    CanvasConfig,
    Colour,
    End,
    Item,
    Label,
    Line,
    Link,
    Part,
    Picture,
)
from pychron.extraction_line.network.canvas_tree import read_tree

FOLDER = "canvas2D"
FILES = ("canvas.yaml", "canvas.yml", "canvas.xml")
CONFIG_FILE = "canvas_config.xml"
MOST = 5000
"""Things and lines of one file."""
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_TERM = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*((?P<sign>[+-])\s*(?P<offset>[0-9.]+))?")
_WORD = re.compile(r"#?[A-Za-z0-9_ ]{1,60}")
_OTHERS = {"label", "line", "image", "legend", "param", "font", "color"}
_DETAILS = {
    *("translation", "dimension", "color", "volume", "open_volume", "closed_volume", "border_width", "font"),
    *("fill", "display_name", "offset", "orientation", "label", "slabel", "vlabel", "widget", "use_border"),
    *("start", "end", "left", "mid", "right", "top", "bottom", "gate", "funnel", "states", "value"),
    *("precedence", "default_color", "name", "image", "line", "legend", "param"),
}


def find_canvas(setupfiles: Path, report: Report) -> Path | None:
    """The canvas file that is read, or None where the lab has none."""
    there = [setupfiles / FOLDER / name for name in FILES if (setupfiles / FOLDER / name).is_file()]
    for other in there[1:]:
        report.warning(
            report.place(other), f"is not read: {there[0].name} goes first; delete one", code="file"
        )
    return there[0] if there else None


def read_canvas(path: Path, report: Report, config_path: Path | None = None) -> Canvas:
    """The canvas, with what of it can be read. `config_path` is read where it exists."""
    found = Report(report.root)
    tree = read_tree(path, found)
    config = CanvasConfig()
    if config_path is not None and config_path.is_file():
        config = _read_config(config_path, found)
    canvas = Canvas(config=config) if tree is None else _Grammar(found).canvas(tree, config)
    for problem in found.problems:
        report.add(replace(problem, severity="warning"))
    return canvas


def _read_config(path: Path, report: Report) -> CanvasConfig:
    tree = read_tree(path, report)
    return CanvasConfig() if tree is None else _Grammar(report).config(tree)


class _Grammar:
    """Reads elements; what it cannot read it reports, and takes the default."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.params: dict[str, float] = {}

    def warn(self, place: Place, text: str, value: str = "") -> None:
        self.report.warning(place, text, code="canvas", value=value)

    # ---- the two files

    def canvas(self, root: XmlElement, config: CanvasConfig) -> Canvas:
        """All of a canvas file. Elements count at any depth, as in installed Pychron."""
        elements = list(self.elements(root))
        if len(elements) > MOST:
            self.warn(root.place, f"has more than {MOST} elements; the rest is not drawn")
            del elements[MOST:]
        self.params = {
            e.attributes.get("name", e.text): self.number(value.text if value else e.text, 0.0, e.place)
            for e in elements
            if e.tag == "param"
            for value in (e.first("value"),)
        }
        items: dict[str, Item] = {}
        for element in elements:
            if element.tag in PARTS:
                self.take(self.item(element), items)
        links = [link for e in elements if e.tag in LINKS and (link := self.link(e, items)) is not None]
        return Canvas(
            tuple(items.values()),
            tuple(links),
            tuple(self.label(e) for e in elements if e.tag == "label"),
            tuple(self.line(e) for e in elements if e.tag == "line"),
            tuple(self.image(e) for e in elements if e.tag == "image"),
            config,
        )

    def config(self, root: XmlElement) -> CanvasConfig:
        """All of canvas_config.xml."""
        plain = CanvasConfig()
        known = {"origin", "xview", "yview", "valve_dimension", "connection_dimension", "font", "color"}
        colours: dict[str, Colour] = {}
        images = []
        for child in root.children:
            if child.tag == "color":
                tag = child.attributes.get("tag", "")
                colour = self.colour(child)
                if tag and colour is not None:
                    colours[tag] = colour
                elif not tag:
                    self.warn(child.place, 'a colour without a tag is not used; write <color tag="gauge">')
            elif child.tag == "image":
                images.append(self.image(child))
            elif child.tag not in known:
                self.warn(
                    child.place,
                    f"<{child.tag}> is no setting of a canvas and is not read{nearest(child.tag, known)}",
                    child.tag,
                )
        dimension = root.first("connection_dimension")
        font = root.first("font")
        return CanvasConfig(
            self.pair(root, "origin", plain.origin),
            self.view(root, "xview", plain.xview),
            self.view(root, "yview", plain.yview),
            self.pair(root, "valve_dimension", plain.valve_dimension),
            self.number(dimension.text, plain.connection_dimension, dimension.place, least=0.0)
            if dimension is not None
            else plain.connection_dimension,
            font.text if font is not None else "",
            MappingProxyType(colours),
            tuple(images),
        )

    def view(self, root: XmlElement, key: str, default: tuple[float, float]) -> tuple[float, float]:
        low, high = self.pair(root, key, default)
        if low < high:
            return low, high
        self.warn(root.place, f"{key}: {low:g},{high:g} shows nothing; write the smaller number first")
        return default

    # ---- things and lines

    def elements(self, element: XmlElement) -> Iterator[XmlElement]:
        for child in element.children:
            known = child.tag in PARTS or child.tag in LINKS or child.tag in _OTHERS
            inside = element.tag in PARTS or element.tag in LINKS or element.tag in _DETAILS
            if known and not (inside and child.tag in _OTHERS):
                yield child
            elif not known and child.tag not in _DETAILS:
                hint = nearest(child.tag, (*PARTS, *LINKS))
                hint = "; write turbo or ionpump" if child.tag == "pump" else hint
                self.warn(
                    child.place, f"<{child.tag}> is nothing that is drawn, and is not read{hint}", child.tag
                )
            if child.tag != "legend":
                yield from self.elements(child)

    def take(self, item: Item | None, items: dict[str, Item]) -> None:
        if item is None:
            return
        first = items.get(item.name)
        if first is None:
            items[item.name] = item
            return
        self.warn(
            item.place,
            f"{item.tag} {item.name} has the name of the {first.tag} in line {first.place.line} and is not drawn; "
            "rename one",
            item.name,
        )

    def item(self, element: XmlElement) -> Item | None:
        name = " ".join(element.text.split())
        part = PARTS[element.tag]
        if not name and part is not Part.DRAWN:
            self.warn(element.place, f"a {element.tag} has no name and is not drawn; write one")
            return None
        if not name:
            name = f"{element.tag} of line {element.place.line}"
        if element.first("translation") is None:
            self.warn(element.place, f"{element.tag} {name} has no translation; it is drawn at 0,0", name)
        x, y = self.pair(element, "translation", (0.0, 0.0))
        width, height = self.pair(element, "dimension", (0.0, 0.0), least=0.0)
        colour = element.first("color")
        border = self.detail(element, "border_width")
        labels = tuple(self.label(e) for tag in ("label", "slabel", "vlabel") for e in element.all(tag))
        return Item(
            element.tag,
            part,
            name,
            element.place,
            x,
            y,
            width,
            height,
            self.colour(colour) if colour is not None else None,
            self.display_name(element),
            read_flag(self.detail(element, "fill")) is not False,
            self.number(border, 0.0, element.place, least=0.0) if border else None,
            self.detail(element, "font"),
            self.detail(element, "widget"),
            labels,
            self.volume(element, "volume", 0.0),
            self.volume(element, "open_volume", 10.0),
            self.volume(element, "closed_volume", 5.0),
        )

    def link(self, element: XmlElement, items: Mapping[str, Item]) -> Link | None:
        ends = []
        for key in LINKS[element.tag]:
            child = element.first(key)
            name = " ".join(child.text.split()) if child is not None else ""
            if child is None or not name:
                self.warn(element.place, f"<{element.tag}> has no {key}; it is drawn and joins without it")
                continue
            if name not in items:
                self.warn(
                    child.place,
                    f"<{element.tag}> {key}: there is no {name} on this canvas; this end is not joined"
                    f"{nearest(name, items)}",
                    name,
                )
                continue
            offset = child.attributes.get("offset")
            ends.append(End(name, child.place, self.point(offset, child.place) if offset else None))
        if len(ends) < 2:
            return None
        orientation = self.detail(element, "orientation").casefold()
        if not orientation and element.tag in ("vconnection", "hconnection"):
            orientation = "vertical" if element.tag == "vconnection" else "horizontal"
        colour, prong = element.first("color"), self.detail(element, "dimension")
        return Link(
            element.tag,
            tuple(ends),
            element.place,
            orientation if orientation in ("vertical", "horizontal") else "",
            self.volume(element, "volume", 0.0),
            self.number(prong.partition(",")[0], 0.0, element.place, least=0.0) if prong else 0.0,
            self.colour(colour) if colour is not None else None,
        )

    def label(self, element: XmlElement) -> Label:
        at = element.attributes.get("offset")
        x, y = (self.point(at, element.place) if at else None) or self.pair(
            element, "translation", (0.0, 0.0)
        )
        colour = element.first("color")
        border = read_flag(self.detail(element, "use_border")) is not False
        return Label(
            " ".join(element.text.split()),
            element.place,
            x,
            y,
            self.detail(element, "font"),
            self.colour(colour) if colour is not None else None,
            border,
        )

    def line(self, element: XmlElement) -> Line:
        return Line(
            self.pair(element, "start", (0.0, 0.0)), self.pair(element, "end", (0.0, 0.0)), element.place
        )

    def image(self, element: XmlElement) -> Picture:
        x, y = self.pair(element, "translation", (0.0, 0.0))
        return Picture(element.text, element.place, x, y, self.pair(element, "scale", (1.0, 1.0)))

    # ---- details

    @staticmethod
    def detail(element: XmlElement, key: str) -> str:
        child = element.first(key)
        return child.text.strip() if child is not None else element.attributes.get(key, "").strip()

    @staticmethod
    def display_name(element: XmlElement) -> str | None:
        child = element.first("display_name")
        if child is not None:
            return child.text.strip()
        said = element.attributes.get("display_name")
        return None if said is None else said.strip()

    def volume(self, element: XmlElement, key: str, default: float) -> float:
        child = element.first(key)
        if child is None and key not in element.attributes:
            return default
        place = child.place if child is not None else element.place
        return self.number(self.detail(element, key), default, place, least=0.0)

    def pair(
        self, element: XmlElement, key: str, default: tuple[float, float], least: float = -math.inf
    ) -> tuple[float, float]:
        child = element.first(key)
        if child is None:
            return default
        return self.point(child.text, child.place, least) or default

    def point(self, text: str, place: Place, least: float = -math.inf) -> tuple[float, float] | None:
        parts = text.split(",")
        if len(parts) != 2:
            self.warn(place, f"{text.strip()!r} is no pair of numbers; write two, such as 5,0", text.strip())
            return None
        return self.number(parts[0], 0.0, place, least), self.number(parts[1], 0.0, place, least)

    def number(self, text: str, default: float, place: Place, least: float = -math.inf) -> float:
        """A finite number, or the name of a param with an offset (`left+2`)."""
        word = text.strip()
        value = math.nan
        if _NUMBER.fullmatch(word):
            value = float(word)
        elif (term := _TERM.fullmatch(word)) is not None and term["name"] in self.params:
            offset = term["offset"] or "0"
            value = float(offset) if _NUMBER.fullmatch(offset) else math.nan
            value = self.params[term["name"]] + (-value if term["sign"] == "-" else value)
        if math.isfinite(value) and value >= least:
            return value
        limit = "" if least == -math.inf else f", at least {least:g}"
        self.warn(place, f"{word!r} is no number{limit}; {default:g} is taken", word)
        return default

    def colour(self, element: XmlElement) -> Colour | None:
        word = element.text.strip()
        parts = [p.strip() for p in word.split(",")]
        if len(parts) in (3, 4) and all(p.isascii() and p.isdigit() and int(p) <= 255 for p in parts):
            red, green, blue = (int(p) for p in parts[:3])
            return red, green, blue
        if _WORD.fullmatch(word):
            return word
        self.warn(element.place, f"{word!r} is no colour; write red,green,blue from 0 to 255", word)
        return None
