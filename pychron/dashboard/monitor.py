"""Reads each value in its own period, one value's trouble being its own, and tells the bus what changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from pychron.dashboard.conditions import Standing, Verdict, judge
from pychron.dashboard.events import ConditionCleared, ConditionTripped, ValueFailed, ValueRead
from pychron.dashboard.sources import Read
from pychron.dashboard.specs import ValueSpec
from pychron.dashboard.watched import Watched
from pychron.events.bus import EventBus
from pychron.hardware.interfaces import HardwareError
from pychron.runtime.deadlines import DeadlinePassed, within
from pychron.runtime.periodic import Periodic
from pychron.runtime.world import World

SPREAD = 0.6180339887498949
"""Phases of the periods: the golden ratio spreads any number of them, so that fifty values are not read in one turn
while somebody waits for a valve."""
LOOK_S = 0.5
"""How often it is looked who is late."""
STOOD_S = 2.0
"""A look that comes so much too late: the node itself stood still, and nobody else is to blame."""


class Monitor:
    """The values of one dashboard. `sources` gives what reads each, or why it cannot be read."""

    log = Logger()

    def __init__(
        self, world: World, bus: EventBus, values: tuple[ValueSpec, ...], sources: Mapping[str, Read | str]
    ) -> None:
        self._world = world
        self._bus = bus
        self._sources = sources
        now = world.wire.seconds()
        self.watched = {
            spec.name: Watched(spec, now, standings=[Standing(c) for c in spec.conditions])
            for spec in values
            if spec.enabled
        }
        self._needed = {name: self._others(watched) for name, watched in self.watched.items()}
        self._reading: dict[str, Deferred[None]] = {}
        self._asked_at: dict[str, float] = {}
        self._again: dict[str, None] = {}
        self._timers = {
            name: Periodic(world.wire, w.period_s, partial(self.read_now, name), f"reading {name}")
            for name, w in self.watched.items()
        }
        self._starting: dict[str, IDelayedCall] = {}
        self._look = Periodic(world.wire, LOOK_S, self.look, "looking for late values")
        self._running = False
        self._looked_at = now
        self._resumed_at: float | None = None
        """When the node last went on after it had stood still."""
        self.readings = 0
        """Good ones."""
        self.failures = 0
        """Readings that failed or did not come."""

    def _others(self, watched: Watched) -> tuple[str, ...]:
        """The other values that its conditions ask for."""
        named: dict[str, None] = {}
        for condition in watched.spec.conditions:
            for expression in (condition.test, condition.clear):
                if expression is not None:
                    named.update(dict.fromkeys(expression.names))
        return tuple(name for name in named if name in self.watched)

    # ---- life

    def start(self) -> None:
        """Read everything once, then each in its period."""
        self._running = True
        now = self._looked_at = self._world.wire.seconds()
        for name, watched in self.watched.items():
            watched.since = now
            source = self._sources.get(name, "nothing reads it")
            if isinstance(source, str):
                self._failed_at(watched, source, old=True)
        for at, (name, timer) in enumerate(self._timers.items()):
            phase = at * SPREAD % 1.0 * self.watched[name].period_s
            if phase:
                self.read_now(name)
                self._starting[name] = self._world.wire.callLater(phase, self._begin, name, timer)
            else:
                timer.start(now=True)
        self._look.start()

    def _begin(self, name: str, timer: Periodic) -> None:
        del self._starting[name]
        timer.start(now=True)

    def stop(self) -> None:
        """No further reading, no further word."""
        self._running = False
        for timer in (*self._timers.values(), self._look):
            timer.stop()
        starting, self._starting = self._starting, {}
        for call in starting.values():
            call.cancel()
        reading, self._reading = self._reading, {}
        for one in reading.values():
            one.cancel()

    # ---- reading

    def read_now(self, name: str) -> None:
        """Read one value. Where a reading is under way, once more after it has ended."""
        source = self._sources.get(name, "")
        if isinstance(source, str) or not self._running:
            return
        if name in self._reading:
            # Its own timer asks again anyway; only a change in between must not be missed.
            if self.watched[name].spec.on_change:
                self._again[name] = None
            return
        watched = self.watched[name]
        self._asked_at[name] = self._world.wire.seconds()
        reading = Deferred.fromCoroutine(self._read(watched, source))
        self._reading[name] = reading
        reading.addErrback(partial(self._failed, watched))
        reading.addBoth(lambda _: self._ended(name, reading))

    def _ended(self, name: str, reading: Deferred[None]) -> None:
        if self._reading.get(name) is reading:
            del self._reading[name]
        if name in self._again:
            del self._again[name]
            self._world.wire.callLater(0, self.read_now, name)

    async def _read(self, watched: Watched, source: Read) -> None:
        async def ask() -> object:
            return await source()

        answer = await within(self._world.wire, watched.limit_s, ask(), f"reading {watched.spec.name}")
        if self._running:
            self._came(watched, answer)

    def _came(self, watched: Watched, answer: object) -> None:
        value = _number(answer)
        if value is None:
            text = str(answer)
            self._failed_at(watched, f"answered {text[:60]!r}, which is no finite number")
            return
        self.readings += 1
        now, wall = self._world.wire.seconds(), self._world.wall()
        if watched.fault:
            self.log.info("{value} is read again: {number:g}", value=watched.spec.name, number=value)
        if watched.take(value, now, wall):
            spec = watched.spec
            self._bus.publish(
                ValueRead(
                    spec.name, spec.device, spec.value_name, spec.tag, value, spec.units, wall, spec.place
                )
            )
        self._judge(watched, value, "")

    def _failed(self, watched: Watched, failure: Failure) -> None:
        if not self._running or failure.check(CancelledError):
            return
        error = failure.value
        waited = self._world.wire.seconds() - self._asked_at.get(watched.spec.name, 0.0)
        given_up = isinstance(error, HardwareError) and waited >= watched.limit_s
        if isinstance(error, DeadlinePassed) or given_up:
            # A driver that is cut short tells of it in its own words: what counts is that nothing came.
            self._failed_at(watched, f"did not answer within {watched.limit_s:g} s", late=True)
        elif isinstance(error, HardwareError):
            self._failed_at(watched, error.text)
        else:
            if not watched.fault:
                self.log.failure("{value}: its driver failed", failure=failure, value=watched.spec.name)
            self._failed_at(watched, f"its driver failed: {type(error).__name__}: {error}")

    def _failed_at(self, watched: Watched, why: str, late: bool = False, old: bool = False) -> None:
        self.failures += 1
        spec = watched.spec
        if watched.fail(why):
            self.log.warn("{value}: {why}", value=spec.name, why=why)
            self._bus.publish(
                ValueFailed(
                    spec.name,
                    spec.device,
                    spec.value_name,
                    spec.tag,
                    why,
                    self._world.wall(),
                    spec.place,
                    late,
                )
            )
        self._judge(watched, None, why, old)

    def look(self) -> None:
        """Values whose last good reading is three periods old count as missing from now on."""
        now = self._world.wire.seconds()
        if now - self._looked_at > LOOK_S + STOOD_S:
            self._resumed_at = now
            self.log.warn(
                "the node stood still for {seconds:.0f} s: values are read before they are called too old",
                seconds=now - self._looked_at,
            )
        self._looked_at = now
        for watched in self.watched.values():
            if not watched.is_old(now) or self._pardoned(watched, now):
                continue
            if watched.fault:
                self._judge(watched, None, watched.fault, old=True)
            else:
                self._failed_at(watched, f"no reading for {watched.late_s:g} s", late=True, old=True)

    def _pardoned(self, watched: Watched, now: float) -> bool:
        """Whether it has not had the time for one reading since the node went on."""
        return self._resumed_at is not None and now - self._resumed_at < watched.period_s + watched.limit_s

    # ---- for metrics

    def number(self, name: str) -> float:
        """The number of a value now; NaN where it is in error or too old."""
        found = self.watched[name].number(self._world.wire.seconds())
        return math.nan if found is None else found

    def missing(self) -> int:
        """How many values are in error or too old."""
        now = self._world.wire.seconds()
        return sum(bool(w.fault) or w.is_old(now) for w in self.watched.values())

    # ---- conditions

    def _judge(self, watched: Watched, reading: float | None, why: str, old: bool = False) -> None:
        if not watched.standings:
            return
        now = self._world.wire.seconds()
        others = {
            name: number
            for name in self._needed[watched.spec.name]
            if (number := self.watched[name].number(now)) is not None
        }
        for standing in watched.standings:
            verdict = judge(standing, reading, others, why, old)
            if verdict is Verdict.TRIPPED:
                standing.since = self._world.wall()
                level, name = standing.spec.level, standing.spec.name
                self.log.warn("{severity} {name}: {why}", severity=str(level), name=name, why=standing.why)
                self._bus.publish(self._tripped(watched, standing, reading))
            elif verdict is Verdict.CLEARED:
                self.log.info("all clear: {name}: {why}", name=standing.spec.name, why=standing.why)
                self._bus.publish(self._cleared(watched, standing, reading))

    def _tripped(self, watched: Watched, standing: Standing, reading: float | None) -> ConditionTripped:
        spec, condition = watched.spec, standing.spec
        return ConditionTripped(
            condition=condition.name,
            name=spec.name,
            device=spec.device,
            value_name=spec.value_name,
            level=condition.level,
            test=condition.test.source,
            value=None if standing.missing else reading,
            units=spec.units,
            time=self._world.wall(),
            why=standing.why,
            guidance=condition.guidance,
            script=condition.script,
            emails=condition.emails,
            place=condition.place,
            missing=standing.missing,
        )

    def _cleared(self, watched: Watched, standing: Standing, reading: float | None) -> ConditionCleared:
        spec, condition = watched.spec, standing.spec
        return ConditionCleared(
            condition=condition.name,
            name=spec.name,
            device=spec.device,
            value_name=spec.value_name,
            level=condition.level,
            test=condition.test.source,
            value=reading,
            units=spec.units,
            time=self._world.wall(),
            why=standing.why,
            place=condition.place,
        )


def _number(answer: object) -> float | None:
    """A finite number, also one that a driver gives as text; None for anything else."""
    if not isinstance(answer, int | float | str):
        return None
    try:
        value = float(answer)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None
