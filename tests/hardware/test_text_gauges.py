"""Gauges that are asked in lines of text: exact bytes, and nothing that is no number."""

import pytest
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.device_file import DeviceFile
from pychron.config.problems import Place
from pychron.hardware.channel import Channel
from pychron.hardware.driver import Setting
from pychron.hardware.drivers import UnknownDriver
from pychron.hardware.readable import ANY, NoValue, find_name
from pychron.hardware.readables import readable_driver, readable_klasses
from tests.hardware.wired import Ends, a_world, pump, start


def device(klass: str, **sections: dict[str, str]) -> DeviceFile:
    return DeviceFile("gauges", klass, Place("devices/gauges.cfg"), sections)


class TextGaugesTest(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.ends = Ends(self.clock)

    def make(self, klass, **sections):
        world = a_world(self.clock)
        channel = Channel(world, self.ends, "gauges")
        setting = Setting(world, device(klass, **sections), lambda: channel, lambda: self.ends)
        readable = readable_driver(klass).make(setting)
        pump(self.clock)
        return readable

    def ask(self, readable, name, answer):
        done = start(readable.read(name))
        asked = self.ends.wire.take()
        self.ends.wire.say(answer)
        return asked, self.successResultOf(done)

    def test_through_qtegra(self):
        gauges = self.make("QtegraMicroIonController")
        self.assertEqual(dict(gauges.names()), {ANY: "torr"})
        self.assertEqual(
            self.ask(gauges, "Ion Gauge", b"1.53E-8\r\n"), (b"GetParameter Ion Gauge\r", 1.53e-8)
        )
        for nonsense in (b"Error: Invalid Command\r\n", b"nan\r\n", b"OK\r\n", b"inf\r\n"):
            self.assertIsInstance(self.ask(gauges, "Ion Gauge", nonsense)[1], NoValue)

    def test_through_another_pychron(self):
        gauges = self.make("PychronMicroIonController", general={"name": "Bone"})
        self.assertEqual(self.ask(gauges, "IG", b"1.5e-08\r\n"), (b"GetPressure Bone,IG\r", 1.5e-8))
        self.assertIsInstance(self.ask(gauges, "XX", b"ERROR 016 : Bone XX not available\r\n")[1], NoValue)

    def test_micro_ion(self):
        gauges = self.make("MicroIonController")
        self.assertEqual(list(gauges.names()), ["IG", "CG1", "CG2"])
        self.assertEqual(self.ask(gauges, "IG", b"1.20E-09\r\n"), (b"#01DS IG\r", 1.2e-9))
        for off in (b"9.90E+09\r\n", b"9.99E+9\r\n"):
            problem = self.ask(gauges, "IG", off)[1]
            self.assertIsInstance(problem, NoValue)
            self.assertIn("is off", problem.text)

    def test_micro_ion_over_rs232_and_by_the_labs_names(self):
        gauges = self.make(
            "MicroIonController",
            communications={"mode": "rs232"},
            gauges={"names": "bone, minibone", "channels": "IG, CG1"},
        )
        self.assertEqual(list(gauges.names()), ["bone", "minibone"])
        self.assertEqual(self.ask(gauges, "minibone", b"2.0E-02\r\n"), (b"DS CG1\r", 0.02))

    def test_xgs600(self):
        gauges = self.make("XGS600GaugeController", gauges={"names": "gate", "channels": "GATE1"})
        self.assertEqual(self.ask(gauges, "gate", b">3.200E-03\r"), (b"#0002UGATE1\r", 3.2e-3))
        self.assertIsInstance(self.ask(gauges, "gate", b"?FF\r")[1], NoValue)


@pytest.mark.parametrize(
    ("wanted", "names", "found"),
    [
        ("IG", ("IG", "CG1"), "IG"),
        ("get_ig", ("IG", "CG1"), "IG"),
        ("get_ig_pressure", ("IG", "CG1"), "IG"),
        ("get_temperature", ("temperature", "humidity"), "temperature"),
        ("get", ("temperature",), "temperature"),
        ("get_pressure", ("IG",), "IG"),
        ("get", ("temperature", "humidity"), None),
        ("speed", ("temperature",), None),
        ("Ion Gauge", (ANY,), "Ion Gauge"),
        ("", (ANY,), None),
    ],
)
def test_the_name_that_a_dashboard_means(wanted, names, found):
    assert find_name(wanted, names) == found


def test_an_unknown_klass_names_the_nearest():
    with pytest.raises(UnknownDriver, match="did you mean MicroIonController"):
        readable_driver("MicroIonControler")
    assert "QtegraMicroIonController" in readable_klasses()
