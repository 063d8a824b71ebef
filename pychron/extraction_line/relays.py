"""From a switch to its relay: which device and address, inversion, two outputs, the device that reads it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.logger import Logger
from twisted.python.failure import Failure

from pychron.extraction_line.machine.line_state import Hardware
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import Kind
from pychron.hardware.interfaces import Evidence, HardwareError, Mark, NoAnswer, Reading, Unavailable

_log = Logger()
FOREIGN = -10
"""Readings of a device that does not drive the switch carry epochs below this: never on the driving channel."""


def _two(address: str) -> tuple[str, str]:
    first, _, second = address.partition(",")
    return first.strip(), second.strip()


def _unread(failure: Failure) -> dict[str, Reading]:
    """Nothing was read, and whoever waits is answered. A driver that raises what no driver may is in the log."""
    if failure.check(CancelledError):
        failure.raiseException()
    if not failure.check(HardwareError):
        _log.failure("a driver failed while it was read", failure)
    return {}


class Relays:
    """All switches of a line by name, over the actuators by device name."""

    def __init__(self, spec: LineSpec, actuators: Mapping[str, Any]) -> None:
        self._specs = spec.by_name
        self.actuators = actuators
        """By device name; each provides IActuator."""

    def hardware(self, name: str) -> Hardware:
        """What the drivers behind a switch declare."""
        spec = self._specs[name]
        actuator = self.actuators.get(spec.actuator)
        reader, _ = self._reader(spec)
        if spec.kind is Kind.MANUAL_VALVE or actuator is None:
            return Hardware(readable=False, late_s=0.0, evidence=Evidence.DECLARED)
        foreign = reader is not None and reader is not actuator
        readable = self._readable(spec, reader)
        evidence = Evidence.COMMANDED
        if readable and reader is not None:
            evidence = Evidence.INDICATOR if foreign or spec.state_address else reader.evidence
        return Hardware(readable, actuator.late_s, evidence, same_channel=not foreign)

    def _readable(self, spec: SwitchSpec, reader: Any) -> bool:
        driven = spec.kind is not Kind.MANUAL_VALVE and spec.actuator in self.actuators
        return driven and spec.query_state and reader is not None and bool(reader.readable)

    def _reader(self, spec: SwitchSpec) -> tuple[Any, str]:
        if spec.state_device:
            return self.actuators.get(spec.state_device), spec.state_address or spec.address
        return self.actuators.get(spec.actuator), spec.state_address or spec.address

    async def drive(
        self,
        name: str,
        opens: bool,
        begin: Callable[[], bool],
        urgent: bool,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> Mark:
        """Turn one switch. Raises what IActuator.drive raises; after a first output alone has turned, NoAnswer.

        `goes_on` is asked before the second of two outputs: one that follows a newer command would undo half of it.
        """
        spec = self._specs[name]
        actuator = self.actuators.get(spec.actuator)
        if actuator is None:
            raise Unavailable(f"its actuator {spec.actuator} does not exist; name one of the device files")
        on = opens is not spec.inverted_logic
        if spec.kind is not Kind.DOUBLE_ACTUATION_VALVE:
            mark: Mark = await actuator.drive(spec.address, on, begin, urgent)
            return mark
        first, second = _two(spec.address)
        if not on:
            first, second = second, first
        mark = await actuator.drive(first, True, begin, urgent)
        try:
            mark = await actuator.drive(second, False, goes_on, urgent)
        except HardwareError as problem:
            raise NoAnswer(
                f"its first output was driven, the second was not: {problem.text}", mark
            ) from problem
        return mark

    async def read(self, names: Sequence[str]) -> dict[str, Reading]:
        """Ask the hardware, each device once and all devices together. What cannot be read is absent."""
        wanted: list[tuple[SwitchSpec, Any, str]] = []
        asked: dict[int, tuple[Any, list[str]]] = {}
        for name in names:
            spec = self._specs[name]
            reader, address = self._reader(spec)
            if self._readable(spec, reader):
                wanted.append((spec, reader, address))
                addresses = asked.setdefault(id(reader), (reader, []))[1]
                addresses += _two(address) if self._is_double(spec) else (address,)
        answers = await gatherResults([self._ask(r, tuple(addresses)) for r, addresses in asked.values()])
        by_reader: dict[int, Mapping[str, Reading]] = dict(zip(asked, answers, strict=True))
        found: dict[str, Reading] = {}
        for spec, reader, address in wanted:
            reading = self._one(spec, reader, address, by_reader[id(reader)])
            if reading is not None:
                found[spec.name] = reading
        return found

    async def read_back(self, name: str) -> Reading | None:
        """Ask for one switch, which an actuation waits for: None where it cannot be read.

        A driver that raises what no driver may is not caught here: whoever drives has to answer for it.
        """
        spec = self._specs[name]
        reader, address = self._reader(spec)
        if not self._readable(spec, reader):
            return None
        try:
            answer = await reader.read(_two(address) if self._is_double(spec) else (address,))
        except HardwareError:
            return None
        return self._one(spec, reader, address, answer)

    @staticmethod
    def _ask(reader: Any, addresses: tuple[str, ...]) -> Deferred[Mapping[str, Reading]]:
        """Never fails but by being cancelled."""
        reading: Deferred[Mapping[str, Reading]] = Deferred.fromCoroutine(reader.read(addresses))
        return reading.addErrback(_unread)

    @staticmethod
    def _is_double(spec: SwitchSpec) -> bool:
        return spec.kind is Kind.DOUBLE_ACTUATION_VALVE and not spec.state_device

    def _one(
        self, spec: SwitchSpec, reader: Any, address: str, answer: Mapping[str, Reading]
    ) -> Reading | None:
        if not self._is_double(spec):
            reading = answer.get(address)
            return None if reading is None else self._placed(spec, reader, reading)
        first, second = (answer.get(a) for a in _two(address))
        if first is None or second is None:
            return None
        agree = first.on is not None and second.on is not None and first.on is not second.on
        both = Reading(first.on if agree else None, second.mark, first.busy or second.busy)
        return self._placed(spec, reader, both)

    def _placed(self, spec: SwitchSpec, reader: Any, reading: Reading) -> Reading:
        foreign = reader is not self.actuators.get(spec.actuator)
        if not (foreign or spec.state_address or spec.inverted_logic):
            return reading
        mark = Mark(FOREIGN - reading.mark.epoch, reading.mark.at) if foreign else reading.mark
        flip = spec.state_invert if foreign or spec.state_address else spec.inverted_logic
        on = reading.on if reading.on is None else reading.on is not flip
        return Reading(on, mark, reading.busy)
