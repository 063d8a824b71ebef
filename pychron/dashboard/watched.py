"""One value between two readings: its number, its age, what was told of it, how its conditions stand. Pure.

Ages count on this node's wire clock alone: what an instrument says of its time is never asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pychron.dashboard.conditions import Standing
from pychron.dashboard.events import ConditionView, Level, ValueState, ValueView
from pychron.dashboard.specs import LATE_PERIODS, ValueSpec

CHANGE_PERIOD_S = 1.0
"""How often a value that is told at each change is looked at."""
REPEAT_S = 3600.0
"""What does not change is told once in so long."""
LONGEST_READING_S = 10.0
SHORTEST_LIMIT_S = 1.0


@dataclass(slots=True)
class Watched:
    """Mutable; the monitor is its only writer."""

    spec: ValueSpec
    since: float
    """Wire seconds when it was first to be read."""
    value: float | None = None
    read_at: float | None = None
    """Wire seconds of the last good reading."""
    time: float | None = None
    """Wall seconds of it."""
    told: float | None = None
    """The number that was last told; None after a fault."""
    told_at: float = 0.0
    fault: str = ""
    """Why the last reading failed."""
    standings: list[Standing] = field(default_factory=list)

    @property
    def period_s(self) -> float:
        """Seconds from one reading to the next."""
        return CHANGE_PERIOD_S if self.spec.period_s is None else self.spec.period_s

    @property
    def late_s(self) -> float:
        """An older reading is no reading any more: three periods, or the `timeout` of a value told at each change."""
        if self.spec.on_change and self.spec.timeout_s > 0:
            return self.spec.timeout_s
        return LATE_PERIODS * self.period_s

    @property
    def limit_s(self) -> float:
        """Longest wait for one reading."""
        return min(LONGEST_READING_S, max(SHORTEST_LIMIT_S, self.late_s))

    def age_s(self, now: float) -> float | None:
        return None if self.read_at is None else max(0.0, now - self.read_at)

    def is_old(self, now: float) -> bool:
        """Whether three periods have passed without a good reading."""
        return now - (self.since if self.read_at is None else self.read_at) > self.late_s

    def number(self, now: float) -> float | None:
        """The number that a condition may use now; None where the value is in error or too old."""
        return None if self.fault or self.read_at is None or self.is_old(now) else self.value

    def take(self, value: float, now: float, wall: float) -> bool:
        """A good reading. True where it is to be told: it differs by more than the dead-band, is the first, or the
        last one was told an hour ago."""
        self.value, self.read_at, self.time, self.fault = value, now, wall, ""
        if (
            self.told is not None
            and abs(value - self.told) <= self.spec.dead_band
            and now - self.told_at < REPEAT_S
        ):
            return False
        self.told, self.told_at = value, now
        return True

    def fail(self, why: str) -> bool:
        """A reading that failed. True where it is to be told: the reason is a new one."""
        known, self.fault, self.told = self.fault, why, None
        return why != known

    def level(self) -> Level | None:
        """The worst condition that holds."""
        found = {s.spec.level for s in self.standings if s.tripped}
        return next((level for level in (Level.CRITICAL, Level.WARNING) if level in found), None)

    def state(self, now: float) -> ValueState:
        """As pages show it."""
        if self.fault:
            return ValueState.ERROR
        if self.read_at is None:
            return ValueState.LOST if self.is_old(now) else ValueState.WAITING
        return ValueState.STALE if self.is_old(now) else ValueState.LIVE

    def view(self, now: float) -> ValueView:
        """As others see it."""
        state = self.state(now)
        why = self.fault
        if not why and state in (ValueState.STALE, ValueState.LOST):
            why = f"no reading for {self.late_s:g} s"
        spec = self.spec
        return ValueView(
            name=spec.name,
            device=spec.device,
            value_name=spec.value_name,
            tag=spec.tag,
            units=spec.units,
            value=self.value,
            time=self.time,
            age_s=self.age_s(now),
            state=state,
            why=why,
            level=self.level(),
            period_s=spec.period_s,
        )

    def conditions(self) -> list[ConditionView]:
        """Each of its conditions, tripped or not."""
        return [
            ConditionView(
                condition=s.spec.name,
                name=self.spec.name,
                level=s.spec.level,
                test=s.spec.test.source,
                tripped=s.tripped,
                since=s.since,
                why=s.why if s.tripped else "",
                guidance=s.spec.guidance,
                place=s.spec.place,
            )
            for s in self.standings
        ]
