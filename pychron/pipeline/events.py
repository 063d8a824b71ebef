"""What the reduction says on the node's bus, and what its pages show. Values only. Pure.

Ages are in Ma, times wall seconds, errors one sigma. A number that could not be had is None, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Flag:
    """Why a person should look at an analysis, or why it has no age."""

    code: str
    """A stable word: `no_j`, `saturated`, `blank_type`, `zero_error`, `intercept_error` ..."""
    text: str
    """What is wrong, with the number and its limit."""
    subject: str = ""
    """Isotope, detector or file that it is about."""
    fatal: bool = False
    """The analysis has no age and is left out of means."""


@dataclass(frozen=True, slots=True)
class AnalysisReduced:
    """One analysis was reduced (again)."""

    repository: str
    uuid: str
    record_id: str
    identifier: str
    sample: str
    analysis_type: str
    time: float
    """Of the measurement: seconds of the laboratory's own zone-less time, counted as if UTC."""
    age_ma: float | None = None
    age_err: float | None = None
    """With the error of J."""
    age_err_wo_j: float | None = None
    kca: float | None = None
    yield_pct: float | None = None
    f: float | None = None
    f_err: float | None = None
    flags: tuple[Flag, ...] = ()
    commit: str = ""
    """HEAD of the repository that it was read from; empty where it is a plain directory."""
    constants: str = ""


class Following(StrEnum):
    """How a repository stands with its remote (spec 1.8: every failure is a state that is seen)."""

    WAITING = "waiting"
    """Not looked at yet."""
    CURRENT = "current"
    LOCAL = "local"
    """It has no remote: only what is committed here is seen."""
    AHEAD = "ahead"
    """It has commits that the remote has not; they stay."""
    DIVERGED = "diverged"
    """Both sides have commits of their own: a person merges. Nothing is discarded."""
    CHANGED = "changed"
    """Uncommitted changes stand in the way of the new commits: a person commits them."""
    UNREACHED = "unreached"
    """The remote did not answer in time, or refused."""
    ABSENT = "absent"
    """The folder is gone or is no repository."""


@dataclass(frozen=True, slots=True)
class RepositoryFollowed:
    """The state of one followed repository changed."""

    repository: str
    state: Following
    why: str
    """A sentence with the remedy; empty where all is well."""
    commit: str
    time: float
    """Wall seconds."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure of the running sample."""

    name: str
    """spectrum, isochron or ideogram."""
    title: str
    svg: str
    """A drawing without scripts or references outward; empty while there is nothing to draw."""
    why_empty: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What the drawing shows, as JSON: lists of points and the group's numbers."""


class Verdict(StrEnum):
    """Where a point of a control chart lies (Shewhart 1931)."""

    INSIDE = "inside"
    WARNING = "warning"
    """Beyond 2 sigma."""
    OUTSIDE = "outside"
    """Beyond 3 sigma."""


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One analysis on a control chart."""

    time: float
    value: float
    error: float
    record_id: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ControlChart:
    """A series of blanks, airs or sensitivities with its limits. `centre` is None while there are too few points."""

    name: str
    """`blank_unknown Ar40`, `air 40/36 (H1/CDD)`, `cocktail sensitivity` ..."""
    units: str
    points: tuple[ChartPoint, ...]
    centre: float | None = None
    sigma: float | None = None
    """Between-point standard deviation, of the points that the limits rest on."""
    n_limits: int = 0
    """How many points the limits rest on."""

    def limits(self, k: float) -> tuple[float, float] | None:
        """Lower and upper limit at `k` sigma (2 warns, 3 acts)."""
        if self.centre is None or self.sigma is None:
            return None
        return self.centre - k * self.sigma, self.centre + k * self.sigma


@dataclass(frozen=True, slots=True)
class RunningSample:
    """The sample that is being measured: its analyses so far, in order of measurement."""

    identifier: str
    sample: str
    repository: str
    irradiation: str
    """`NM-313 B 7`: irradiation, level and hole."""
    analyses: tuple[AnalysisReduced, ...]
    updated: float
    """Wall seconds."""


@dataclass(frozen=True, slots=True)
class RunningSampleChanged:
    """What IRunningSample answers is different now: a page asks again."""

    identifier: str
    time: float


@dataclass(frozen=True, slots=True)
class ControlPointAdded:
    """A blank, an air or a sensitivity was measured: where it lies on its chart."""

    chart: str
    units: str
    point: ChartPoint
    centre: float | None
    sigma: float | None


@dataclass(frozen=True, slots=True)
class RunMissing:
    """An analysis was announced, and after a long search no followed repository has it."""

    uuid: str
    waited_s: float
    why: str
    """With the remedy."""
