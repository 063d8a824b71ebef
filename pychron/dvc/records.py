"""An analysis as its repository has it: typed, and with every file that it came from. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from pychron.config.problems import Problem
from pychron.reduction.inputs import ErrorType, Fit, FitSpec, Measured, OutlierFilter, Productions
from pychron.reduction.options import Cosmogenic
from pychron.runtime.values import frozen

V = TypeVar("V")


@frozen
class StoredFit:
    """A fit of a series back to time zero, as it was stored."""

    value: float
    error: float
    fit: str
    error_type: str
    n: int | None = None
    """Points; None in older files."""
    fn: int | None = None
    """Points after the filter."""
    outliers: OutlierFilter | None = None
    user_excluded: tuple[int, ...] = ()
    outlier_excluded: tuple[int, ...] = ()
    include_baseline_error: bool = False
    reviewed: bool = False
    manual: Measured | None = None
    """What a person wrote in its place, where that is switched on."""

    @property
    def used(self) -> Measured:
        """What counts: the manual value where there is one."""
        return self.manual or Measured(self.value, self.error)

    def spec(self) -> FitSpec | None:
        """How to make it again; None for a fit or an error that is not known."""
        try:
            fit = Fit(self.fit.lower())
            error = ErrorType({"SE": "SEM", "": "SEM"}.get(self.error_type, self.error_type))
        except ValueError:
            return None
        return FitSpec(fit, error, self.outliers, self.user_excluded)


@frozen
class Reference:
    """An analysis that a blank or an IC factor was made from."""

    record_id: str
    uuid: str
    exclude: str = "ok"
    """`ok`, or why it was left out."""


class OfSame(Generic[V]):
    """A function of references that is asked for the same tuple again and again: isotopes, and runs that follow each other, share one."""

    MOST = 4096

    def __init__(self, make: Callable[[tuple[Reference, ...]], V]) -> None:
        self._make = make
        self._known: dict[int, tuple[tuple[Reference, ...], V]] = {}
        """By `id`, which is nobody else's as long as the tuple is held here."""

    def __call__(self, references: tuple[Reference, ...]) -> V:
        found = self._known.get(id(references))
        if found is None:
            if len(self._known) >= self.MOST:
                self._known.clear()
            found = self._known[id(references)] = references, self._make(references)
        return found[1]


@frozen
class StoredValue:
    """A blank, or an IC factor, with where it came from."""

    value: float
    error: float
    fit: str = ""
    references: tuple[Reference, ...] = ()
    reviewed: bool = False
    reference_detector: str = ""
    standard_ratio: float | None = None


@frozen
class Isotope:
    """One isotope of an analysis and all that is stored of it. None: the file has nothing of it."""

    key: str
    """In the files; `Ar36L1` where one isotope was measured on two detectors."""
    name: str
    detector: str
    units: str
    intercept: StoredFit | None
    baseline: StoredFit | None
    """Of its detector."""
    blank: StoredValue | None
    ic_factor: StoredValue | None
    """Of its detector."""


@frozen
class Extraction:
    """How the gas was set free."""

    device: str = ""
    value: float | None = None
    units: str = ""
    duration_s: float | None = None
    cleanup_s: float | None = None
    weight_mg: float | None = None
    tray: str = ""
    position: str = ""
    load_name: str = ""


@frozen
class Analysis:
    """One run."""

    uuid: str
    record_id: str
    identifier: str
    aliquot: int
    increment: int | None
    analysis_type: str
    time: float
    """Seconds since 1970 of the laboratory's own zone-less time, counted as if UTC."""
    mass_spectrometer: str
    irradiation: str
    level: str
    position: int | None
    isotopes: Mapping[str, Isotope]
    """By key."""
    baselines: Mapping[str, StoredFit]
    """By detector, also of detectors that no isotope of the age was measured on."""
    mapping: Mapping[str, str]
    """Ar40 .. Ar36 -> the key that is used for it"""
    time_zero_offset: float = 0.0
    """Seconds that a fit's time zero lies after that of the series."""
    sample: str = ""
    material: str = ""
    project: str = ""
    comment: str = ""
    extraction: Extraction = field(default_factory=Extraction)
    tag: str = "ok"
    tag_note: str = ""
    """Why a person gave it that tag."""
    spec_sha: str = ""
    meta_commit: str = ""
    detectors: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """What of it (`analysis`, `intercepts`, ...) -> path in the repository"""
    problems: tuple[Problem, ...] = ()
    productions: Productions | None = None
    """Its own frozen production ratios, which stand over those of its level."""
    cosmogenic: Cosmogenic | None = None
    """Stored with it and switched on: its 38Ar beyond that of trapped argon is of cosmic rays, not of chlorine."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing that an age needs is missing or corrupt."""
        return not any(problem.severity == "error" for problem in self.problems)

    @property
    def is_blank(self) -> bool:
        return self.analysis_type.startswith("blank")

    def argon(self, name: str) -> Isotope | None:
        """The isotope that stands for `Ar40` .. `Ar36`."""
        return self.isotopes.get(self.mapping.get(name, name))


@frozen
class RawSeries:
    """The readings of one isotope or baseline."""

    kind: str
    """`signal`, `baseline` or `sniff` (before the inlet is closed)"""
    isotope: str
    """Its key; empty for a baseline"""
    detector: str
    t: npt.NDArray[np.float32]
    """(n,) s since time zero"""
    y: npt.NDArray[np.float32]
    """(n,) in the detector's unit"""
