"""Flags and constants, and the verbs that installed clients use on them."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line.flag_verbs import FlagVerbs
from pychron.extraction_line.flags import Flag, Flags, TimedFlag
from pychron.extraction_line.permits import NoReadings
from pychron.rpc.faults import Fault
from pychron.rpc.verbs import Call, VerbTable
from pychron.trust.rights import Peer, Right


@pytest.mark.parametrize("value", ["1", "1.0", "-2", "true", " True ", "T", "on"])
def test_values_that_set_a_flag(value):
    flag = Flag("busy")
    assert (flag.set(value, 0.0), flag.read(0.0)) == ("OK", "1")


@pytest.mark.parametrize("value", ["0", "0.0", "", "false", "off", "maybe"])
def test_values_that_clear_a_flag(value):
    flag = Flag("busy", on=True)
    assert (flag.set(value, 0.0), flag.read(0.0)) == ("OK", "0")


def test_a_flag_that_nobody_keeps_alive_clears_itself():
    flags = Flags({"busy": Flag("busy")}, {})
    flags.find("busy", "10.0.0.5", 0.0).set("1", 0.0)
    for now in (50.0, 100.0, 150.0):
        assert flags.find("busy", "10.0.0.5", now).read(now) == "1"
    assert flags.find("busy", "10.0.0.6", 211.0).read(211.0) == "0"
    assert flags.find("busy", "10.0.0.6", 212.0).owner == "10.0.0.6"
    assert flags.find("nobody", "10.0.0.6", 212.0) is None


def test_a_timed_flag():
    flag = TimedFlag("bake")
    assert (flag.read(5.0), flag.ping(5.0, 99.5)) == ("0", "Complete")
    assert flag.set("10", 5.0) == "OK"
    assert (flag.read(9.0), flag.ping(9.0, 99.5)) == ("6.0", "99.5")
    assert (flag.read(15.0), flag.ping(15.0, 99.5)) == ("0", "Complete")
    assert (flag.set("", 20.0), flag.read(20.5)) == ("OK", "0.5")


@pytest.mark.parametrize("value", ["long", "nan", "inf", "-inf"])
def test_a_time_that_never_ends_is_none(value):
    flag = TimedFlag("bake", until=50.0)
    assert (flag.set(value, 0.0), flag.until) == ("Invalid flag value", 50.0)


class Gauges:
    def fresh(self):
        return {"bone.IG1": 1e-9, "Turbo": 900.0}


class World:
    boot = "boot1"

    def __init__(self):
        self.wire = Clock()

    def wall(self):
        return 1_700_000_000.0 + self.wire.seconds()


class Verbs(SynchronousTestCase):
    def setUp(self):
        self.world = World()
        flags = Flags({"busy": Flag("busy"), "bake": TimedFlag("bake")}, {"column": "2"})
        self.verbs = FlagVerbs(self.world, flags, Gauges())
        self.table = VerbTable()
        self.table.register(*self.verbs.verbs())

    def ask(self, verb, argument="", **members):
        peer = Peer("10.0.0.5", right=Right.OPERATE)
        return self.table.get(verb).handler(Call(verb, argument, peer, 0.0, members))

    def code(self, *args, **members):
        return self.assertRaises(Fault, self.ask, *args, **members).code

    def test_read(self):
        assert [self.ask("Read", n) for n in ("busy", "bake", "column")] == ["0", "0", "2"]
        assert self.code("Read", "nobody") == self.code("Read", "") == 8

    def test_set(self):
        assert (self.ask("Set", "busy 1"), self.ask("Read", "busy")) == ("OK", "1")
        assert (self.ask("Set", device="busy", value=0), self.ask("Read", "busy")) == ("OK", "0")
        assert self.ask("Set", "bake soon") == "Invalid flag value"
        assert self.code("Set", "busy 1 2") == self.code("Set", "") == 4
        assert self.code("Set", "nobody 1") == 8
        assert self.code("Set", "column 1") == 8

    def test_the_value_of_a_json_request_is_its_argument(self):
        """As the codec hands over {"command": "Set", "device": "busy", "value": 1}, which installed clients write."""
        assert (self.ask("Set", "1", device="busy"), self.ask("Read", "busy")) == ("OK", "1")
        assert (self.ask("Set", "0", device="busy"), self.ask("Read", "busy")) == ("OK", "0")
        assert (self.ask("Set", "30", device="bake"), self.ask("Read", "bake")) == ("OK", "30.0")

    def test_a_set_that_names_no_value_clears_nothing(self):
        self.ask("Set", "busy 1")
        assert self.code("Set", "busy") == self.code("Set", "busy ") == self.code("Set", device="busy") == 4
        assert self.ask("Read", "busy") == "1"

    def test_ping_keeps_a_flag_alive(self):
        self.ask("Set", "busy 1")
        for _ in range(3):
            self.world.wire.advance(50)
            assert float(self.ask("Ping", "busy")) == self.world.wall()
        assert self.ask("Read", "busy") == "1"
        self.world.wire.advance(61)
        assert self.ask("Read", "busy") == "0"
        assert self.ask("Ping", "bake") == "Complete"
        assert self.code("Ping", "nobody") == 8

    def test_pressures(self):
        assert self.ask("GetPressure", "bone,IG1") == 1e-9
        assert self.ask("GetPressure", controller="bone", gauge="IG1") == 1e-9
        assert self.ask("GetPressure", "any,Turbo") == 900.0
        assert self.code("GetPressure", "bone,IG2") == 16
        assert self.code("GetPressure", "bone") == self.code("GetPressure", ",IG1") == 4

    def test_no_gauges_no_pressure(self):
        self.verbs.readings = NoReadings()
        assert self.code("GetPressure", "bone,IG1") == 16

    def test_a_number_near_the_one_asked_for(self):
        assert 5.0 <= self.ask("GetData", "5") < 6.0
        assert 0.0 <= self.ask("GetData") < 1.0
        assert self.code("GetData", "five") == 4

    def test_rights(self):
        rights = {v.name: v.right for v in self.table.all()}
        assert [n for n, r in rights.items() if r > Right.OBSERVE] == ["Ping", "Set"]
        assert not any(v.moves for v in self.table.all())
