"""What a class of node is, and how its options are written. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pychron.pipeline.templates.option_kinds import Kind, Option

ERROR_TYPES = ("SEM", "SD", "MSEM")
FLUX_MODELS = ("plane", "bowl", "weighted_mean", "nearest_neighbors", "bracketing", "matching")


@dataclass(frozen=True, slots=True)
class Klass:
    """A class of node: the work is in `pychron.pipeline.nodes`."""

    name: str
    family: str
    says: str
    """One line for the reference."""
    options: tuple[Option, ...] = ()
    writes: bool = False
    """It changes files of a repository, where the run was told to."""


def text(key: str, says: str, default: str = "", required: bool = False) -> Option:
    """A text."""
    return Option(key, Kind.TEXT, default, says, required=required)


def words(key: str, says: str, choices: tuple[str, ...] = (), default: tuple[str, ...] = ()) -> Option:
    """Words, any where no `choices` are given."""
    return Option(key, Kind.WORDS, default, says, choices)


def number(key: str, says: str, default: float, minimum: float = 0.0) -> Option:
    """A number."""
    return Option(key, Kind.NUMBER, default, says, minimum=minimum)


def flag(key: str, says: str, default: bool) -> Option:
    """True or false."""
    return Option(key, Kind.FLAG, default, says)


def choice(key: str, says: str, default: str, choices: tuple[str, ...]) -> Option:
    """One of `choices`."""
    return Option(key, Kind.CHOICE, default, says, choices)


LEVEL = (text("irradiation", "its name"), text("level", "its letter"))
MONITOR = (
    text(
        "monitor",
        "a monitor by name, as fc-kuiper-2008; empty = age and constants that the level's file names",
    ),
    number("monitor_age", "Ma; instead of a name, the age of a known monitor; 0 = as `monitor` says", 0.0),
)
FLUX = (
    choice(
        "model_kind",
        "how J of a hole follows from the monitors; `matching` takes its own only",
        "weighted_mean",
        FLUX_MODELS,
    ),
    text(
        "holder",
        "irradiation holder of the metadata: where the holes lie, which plane, bowl, nearest and bracketing need",
    ),
    *MONITOR,
)
FIGURE = (
    text("title", "stands over the figure"),
    words("formats", "files to write", ("pdf", "svg", "png"), ("pdf",)),
    text("file", "name of the file without its ending; empty = the node's name"),
)
VALUES = words(
    "values",
    "isotopes, ratios as Ar40/Ar36, or age, f, kca, kcl, yield, k39, extract_value",
    default=("age",),
)
