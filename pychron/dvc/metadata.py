"""The metadata repository: when samples were irradiated, production ratios, J of each hole, holders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pychron.config.problems import Place
from pychron.dvc.errors import CorruptFile, MissingFile, NoRepository
from pychron.dvc.json_file import listing, mapping, number, pair, parse
from pychron.dvc.times import seconds
from pychron.dvc.trees import Tree, open_tree
from pychron.reduction.inputs import Chronology, Measured, Productions, Segment

RATIOS = ("K4039", "K3839", "K3739", "Ca3937", "Ca3837", "Ca3637", "Cl3638", "Ca_K", "Cl_K")


@dataclass(frozen=True, slots=True)
class PositionAnalysis:
    """A monitor analysis that counts, or does not, for a hole's mean J."""

    uuid: str
    record_id: str
    is_omitted: bool


@dataclass(frozen=True, slots=True)
class Position:
    """One hole of a level."""

    hole: int
    identifier: str
    j: Measured | None
    """Predicted by a flux model."""
    mean_j: Measured | None
    """Weighted mean of its own monitors."""
    mean_j_mswd: float | None
    position_jerr: float
    lambda_k: Measured | None
    """Per year, with which J was made."""
    options: Mapping[str, Any] = field(default_factory=dict)
    analyses: tuple[PositionAnalysis, ...] = ()

    @property
    def monitor_age_ma(self) -> float | None:
        """Of the monitor that J was made with."""
        age = self.options.get("monitor_age")
        return float(age) if isinstance(age, int | float) and not isinstance(age, bool) and age > 0 else None


@dataclass(frozen=True, slots=True)
class Hole:
    """Where a hole of a holder lies; mm."""

    name: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How much argon makes a signal, since when."""

    created: float
    """Seconds, as an analysis has them"""
    value: float
    units: str
    """`mol/fA`"""


class MetaData:
    """Reads it as it is asked for, and remembers."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._levels: dict[tuple[str, str], tuple[Position, ...]] = {}
        self._chronologies: dict[str, Chronology] = {}
        self._productions: dict[tuple[str, str], Productions] = {}
        self._sensitivities: dict[str, tuple[Sensitivity, ...]] = {}

    @property
    def name(self) -> str:
        return self.tree.name

    def chronology(self, irradiation: str) -> Chronology:
        """Raises MissingFile, CorruptFile; whether it is in order says `Chronology.problem`."""
        if irradiation not in self._chronologies:
            path = f"{irradiation}/chronology.txt"
            self._chronologies[irradiation] = read_chronology(self._read(path, "chronology"), path)
        return self._chronologies[irradiation]

    def levels(self, irradiation: str) -> list[str]:
        """Names of the levels that have a file."""
        others = {"productions.json"}
        start = f"{irradiation}/"
        return [
            path.removeprefix(start).removesuffix(".json")
            for path in self.tree.paths()
            if path.startswith(start) and path.count("/") == 1 and path.endswith(".json")
            and path.removeprefix(start) not in others
        ]  # fmt: skip

    def positions(self, irradiation: str, level: str) -> tuple[Position, ...]:
        """The holes of a level that hold something. Raises MissingFile, CorruptFile."""
        key = irradiation, level
        if key not in self._levels:
            path = f"{irradiation}/{level}.json"
            document = parse(self._read(path, "level"), path)
            listed = (
                document if isinstance(document, list) else mapping(document, path).get("positions") or []
            )
            self._levels[key] = tuple(
                read_position(mapping(one, path), path) for one in listing(listed, path)
            )
        return self._levels[key]

    def height(self, irradiation: str, level: str) -> float | None:
        """Where a level lay along the axis, mm; None where its file does not say. Raises MissingFile, CorruptFile."""
        path = f"{irradiation}/{level}.json"
        document = parse(self._read(path, "level"), path)
        value = None if isinstance(document, list) else mapping(document, path).get("z")
        return None if value is None else number(value, path, "z")

    def position(
        self, irradiation: str, level: str, hole: int | None, identifier: str = ""
    ) -> Position | None:
        """One hole; by its identifier where the hole is not known."""
        for one in self.positions(irradiation, level):
            if one.hole == hole or (hole is None and identifier and one.identifier == identifier):
                return one
        return None

    def productions(self, irradiation: str, level: str) -> Productions:
        """Of a level. Raises MissingFile, CorruptFile."""
        key = irradiation, level
        if key not in self._productions:
            path = f"{irradiation}/productions.json"
            names = mapping(parse(self._read(path, "table of productions"), path), path)
            name = names.get(level)
            if not isinstance(name, str) or not name:
                raise CorruptFile(Place(path), f"it names no production for level {level}")
            self._productions[key] = self._production(irradiation, name)
        return self._productions[key]

    def _production(self, irradiation: str, name: str) -> Productions:
        tried = []
        for path in (f"{irradiation}/productions/{name}.json", f"productions/{name}.json"):
            data = self.tree.read(path)
            if data is not None:
                return read_productions(parse(data, path), path, name)
            tried.append(path)
        raise MissingFile(Place(self.name), f"there is no production {name}: neither {' nor '.join(tried)}")

    def sensitivity(self, spectrometer: str, time: float) -> Sensitivity | None:
        """The last one that was determined before `time` (seconds, as an analysis has them). Raises CorruptFile."""
        if spectrometer not in self._sensitivities:
            path = f"spectrometers/{spectrometer}.sens.json"
            data = self.tree.read(path)
            self._sensitivities[spectrometer] = (
                () if data is None else read_sensitivities(parse(data, path), path)
            )
        before = [one for one in self._sensitivities[spectrometer] if one.created <= time]
        return max(before, key=lambda one: one.created, default=None)

    def gains(self, spectrometer: str) -> Mapping[str, float]:
        """Detector -> gain; empty where none are stored. Raises CorruptFile."""
        path = f"spectrometers/{spectrometer}.gain.json"
        data = self.tree.read(path)
        document = {} if data is None else mapping(parse(data, path), path)
        return {
            detector: number(gain, path, f"the gain of {detector}") for detector, gain in document.items()
        }

    def holder(self, name: str) -> tuple[Hole, ...]:
        """The holes of an irradiation holder. Raises MissingFile, CorruptFile."""
        path = f"irradiation_holders/{name}.txt"
        return read_holder(self._read(path, "holder"), path)

    def _read(self, path: str, what: str) -> bytes:
        data = self.tree.read(path)
        if data is None:
            raise MissingFile(Place(self.name), f"there is no {what} {path}")
        return data


def open_metadata(name: str | Path) -> MetaData:
    """The metadata repository that a person named. Raises NoRepository."""
    tree = open_tree(name)
    if not any(path.endswith("/chronology.txt") for path in tree.paths()):
        raise NoRepository(
            Place(str(name)),
            "no irradiation with a chronology.txt is in it; is this the metadata repository?",
        )
    return MetaData(tree)


def read_chronology(data: bytes, path: str) -> Chronology:
    """`power,start,end` a line; blanks about the commas are allowed. Raises CorruptFile with the line."""
    segments = []
    for number_, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split(",")]
        try:
            power, start, end = cells
            segments.append(Segment(float(power), seconds(start), seconds(end)))
        except ValueError as problem:
            raise CorruptFile(
                Place(path, number_),
                f"a segment is written power,start,end like 1.0,2020-11-13 09:00:00,...: {problem}",
            ) from None
    return Chronology(tuple(segments))


def read_productions(document: Any, path: str, name: str) -> Productions:
    """Nine pairs of value and error. Raises CorruptFile."""
    one = mapping(document, path)
    missing = [ratio for ratio in RATIOS if ratio not in one]
    if missing:
        raise CorruptFile(Place(path), f"it has no {', '.join(missing)}")
    pairs = {ratio.replace("_", "").lower(): Measured(*pair(one[ratio], path, ratio)) for ratio in RATIOS}
    return Productions(name, ca_k=pairs.pop("cak"), cl_k=pairs.pop("clk"), **pairs)


def read_sensitivities(document: Any, path: str) -> tuple[Sensitivity, ...]:
    """A list of `create_date`, `sensitivity` and `units`. Raises CorruptFile."""
    found = []
    for item in listing(document, path):
        one = mapping(item, path, "a sensitivity")
        try:
            created = seconds(one.get("create_date"))
        except ValueError as problem:
            raise CorruptFile(Place(path), f"create_date: {problem}") from None
        value = number(one.get("sensitivity"), path, "sensitivity")
        found.append(Sensitivity(created, value, str(one.get("units") or "mol/fA")))
    return tuple(found)


def read_holder(data: bytes, path: str) -> tuple[Hole, ...]:
    """First line `shape-or-count,radius[,has_ids]`, then x,y or x,y,radius or name,x,y. Raises CorruptFile with the line."""
    lines = [
        (number_, [cell.strip() for cell in line.split(",")])
        for number_, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise CorruptFile(Place(path), "it is empty")
    head = lines[0][1]
    named = len(head) > 2 and head[2].lower() in ("true", "1", "yes")
    holes = []
    try:
        radius = float(head[1]) if len(head) > 1 else 0.0
        for count, (number_, cells) in enumerate(lines[1:], 1):
            where = number_
            if named:
                holes.append(Hole(cells[0], float(cells[1]), float(cells[2]), radius))
            else:
                holes.append(
                    Hole(
                        str(count),
                        float(cells[0]),
                        float(cells[1]),
                        float(cells[2]) if len(cells) > 2 else radius,
                    )
                )
    except (ValueError, IndexError):
        raise CorruptFile(
            Place(path, locals().get("where", lines[0][0])), "a hole is written x,y or x,y,radius"
        ) from None
    return tuple(holes)


def read_position(one: dict[str, Any], path: str) -> Position:
    """One hole of a level file. Raises CorruptFile."""
    hole = int(number(one.get("position"), path, "position"))
    constants = one.get("decay_constants") or {}
    lam = constants.get("lambda_k_total")
    analyses = [mapping(item, path, f"an analysis of hole {hole}") for item in one.get("analyses") or ()]
    mswd = one.get("mean_j_mswd")
    return Position(
        hole,
        str(one.get("identifier") or ""),
        _measured(one, "j", "j_err", path),
        _measured(one, "mean_j", "mean_j_err", path),
        None if mswd is None else number(mswd, path, f"mean_j_mswd of hole {hole}"),
        number(one.get("position_jerr") or 0.0, path, f"position_jerr of hole {hole}"),
        Measured(
            number(lam, path, "lambda_k_total"),
            number(constants.get("lambda_k_total_error") or 0.0, path, "lambda_k_total_error"),
        )
        if lam
        else None,
        one.get("options") or {},
        tuple(
            PositionAnalysis(
                str(a.get("uuid") or ""), str(a.get("record_id") or ""), bool(a.get("is_omitted"))
            )
            for a in analyses
        ),
    )


def _measured(one: dict[str, Any], key: str, error: str, path: str) -> Measured | None:
    """None where there is none: absent, or the zero that stands for it."""
    if not one.get(key):
        return None
    return Measured(number(one[key], path, key), number(one.get(error) or 0.0, path, error))
