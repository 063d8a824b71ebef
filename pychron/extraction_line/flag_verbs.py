"""Read, Set, Ping and the few device queries of installed valve servers (spec 1.5)."""

from __future__ import annotations

import random

from pychron.extraction_line.flags import Flags, TimedFlag
from pychron.extraction_line.permits import IReadings
from pychron.rpc.faults import Fault
from pychron.rpc.verbs import Call, Verb
from pychron.runtime.world import World
from pychron.trust.rights import Right


class FlagVerbs:
    """Flags and constants by name; pressures by controller and gauge."""

    def __init__(self, world: World, flags: Flags, readings: IReadings) -> None:
        self._world = world
        self._flags = flags
        self.readings = readings
        self._random = random.Random(world.boot)

    def verbs(self) -> tuple[Verb, ...]:
        """What this area registers."""
        see, turn = Right.OBSERVE, Right.OPERATE
        return (
            Verb("Read", see, self._read, "NAME", "Value of a flag or a constant"),
            Verb("Set", turn, self._set, "NAME VALUE", "Set a flag"),
            Verb("Ping", turn, self._ping, "NAME", "Keep a flag alive"),
            Verb("GetPressure", see, self._pressure, "CONTROLLER,GAUGE", "Last fresh value of a gauge"),
            Verb("GetData", see, self._data, "NUMBER", "A number near it: tries a connection"),
        )

    def _now(self) -> float:
        return float(self._world.wire.seconds())

    def _read(self, call: Call) -> str:
        flag = self._flags.find(call.argument, call.peer.address, self._now())
        if flag is not None:
            return flag.read(self._now())
        constant = self._flags.parameters.get(call.argument)
        if constant is not None:
            return constant
        raise Fault(8, "no flag or constant of that name", name=call.argument)

    def _set(self, call: Call) -> str:
        name, _, value = call.argument.partition(" ")
        if "device" in call.members:
            # {"device": NAME, "value": VALUE}: the value of a JSON request is its argument.
            name, value = str(call.members["device"]), str(call.members.get("value", call.argument))
        flag = self._flags.find(name, call.peer.address, self._now())
        unsaid = not value.strip() and not isinstance(flag, TimedFlag)
        if " " in value.strip() or not name or (flag is not None and unsaid):
            raise Fault(4, "write Set NAME VALUE", command="Set", detail=call.argument)
        if flag is None:
            raise Fault(8, "no flag of that name", name=name)
        return flag.set(value, self._now())

    def _ping(self, call: Call) -> str:
        name = str(call.members.get("device", call.argument))
        flag = self._flags.find(name, call.peer.address, self._now())
        if flag is None:
            raise Fault(8, "no flag of that name", name=name)
        return flag.ping(self._now(), self._world.wall())

    def _pressure(self, call: Call) -> float:
        controller, _, gauge = call.argument.partition(",")
        controller = str(call.members.get("controller", controller))
        gauge = str(call.members.get("gauge", gauge))
        if not controller or not gauge:
            raise Fault(4, "write GetPressure CONTROLLER,GAUGE", command="GetPressure", detail=call.argument)
        values = self.readings.fresh()
        for name in (f"{controller}.{gauge}", gauge):
            if name in values:
                return values[name]
        raise Fault(16, "no fresh value", controller=controller, gauge=gauge)

    def _data(self, call: Call) -> float:
        try:
            return float(call.argument or 0) + self._random.random()
        except ValueError as problem:
            raise Fault(4, "write GetData NUMBER", command="GetData", detail=call.argument) from problem
