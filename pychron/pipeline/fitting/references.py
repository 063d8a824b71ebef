"""Which analyses are references of which: by type, spectrometer, extract device, load and time. Pure.

Spec 4: within +- threshold *hours* of the unknowns. A blank belongs to a type: `blank_unknown` to an unknown, `blank_air` to an
air, `blank_cocktail` to a cocktail; a preceding blank of another type is not taken, however near it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

HOUR_S = 3600.0
SAME_AS_UNKNOWN = ("sample", "unknown", "degas")
BLANKLESS = ("background", "detector_ic", "pause")
"""Types that are corrected for no blank (spec 5.2)."""


class Candidate(Protocol):
    """What of an analysis is looked at. Empty texts mean: not recorded."""

    @property
    def uuid(self) -> str: ...
    @property
    def analysis_type(self) -> str: ...
    @property
    def mass_spectrometer(self) -> str: ...
    @property
    def extract_device(self) -> str: ...
    @property
    def load_name(self) -> str: ...
    @property
    def time(self) -> float: ...


C = TypeVar("C", bound=Candidate)


def blank_type(analysis_type: str) -> str | None:
    """The type of blank that corrects this type; None where none does (blanks themselves, backgrounds)."""
    if analysis_type.startswith("blank") or analysis_type in BLANKLESS:
        return None
    return "blank_unknown" if analysis_type in SAME_AS_UNKNOWN else f"blank_{analysis_type}"


def find_references(
    unknowns: Sequence[Candidate],
    among: Iterable[C],
    types: Sequence[str],
    *,
    threshold_h: float,
    same_spectrometer: bool = True,
    same_extract_device: bool = True,
    load_name: str = "",
) -> list[C]:
    """Of `among` those of one of `types` that are near one of `unknowns`, by time; each once.

    An attribute that one of the two does not record does not part them.
    """
    span = threshold_h * HOUR_S
    wanted = [c for c in among if c.analysis_type in types and (not load_name or c.load_name == load_name)]
    return sorted(
        (
            c
            for c in wanted
            if any(
                abs(c.time - u.time) <= span
                and c.uuid != u.uuid
                and not (same_spectrometer and _part(c.mass_spectrometer, u.mass_spectrometer))
                and not (same_extract_device and _part(c.extract_device, u.extract_device))
                for u in unknowns
            )
        ),
        key=lambda c: (c.time, c.uuid),
    )


def blanks_of(unknown: Candidate, among: Iterable[C]) -> list[C]:
    """Of `among` the blanks that may correct `unknown`: of its own type and spectrometer."""
    wanted = blank_type(unknown.analysis_type)
    return sorted(
        (
            c
            for c in among
            if c.analysis_type == wanted
            and c.uuid != unknown.uuid
            and not _part(c.mass_spectrometer, unknown.mass_spectrometer)
        ),
        key=lambda c: (c.time, c.uuid),
    )


def preceding_blank(unknown: Candidate, among: Iterable[C]) -> C | None:
    """The last blank of the unknown's own type before it."""
    before = [c for c in blanks_of(unknown, among) if c.time <= unknown.time]
    return before[-1] if before else None


def _part(a: str, b: str) -> bool:
    return bool(a and b) and a.strip().casefold() != b.strip().casefold()
