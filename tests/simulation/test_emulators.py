from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.device_file import DeviceFile
from pychron.config.problems import Place
from pychron.hardware.drivers import ActuatorBuilder
from pychron.hardware.interfaces import NoAnswer
from pychron.simulation.emulators import Instruments
from pychron.simulation.relay_faults import Fault
from pychron.simulation.virtual_clock import NodeClock, VirtualClock
from tests.hardware.wired import a_world


def a_device(klass, **general):
    place = Place("devices/bank.yaml")
    return DeviceFile("bank", klass, place, {"general": general})


class EmulatorsTest(SynchronousTestCase):
    def setUp(self):
        self.lab = VirtualClock()
        self.instruments = Instruments(self.lab)
        self.start()

    def start(self, **general):
        """A node that starts (again)."""
        self.clock = NodeClock(self.lab, 1000.0)
        self.emulators = self.instruments.for_node(self.clock)
        device = a_device("AgilentGPActuator", **general)
        self.agilent = ActuatorBuilder(a_world(self.clock)).build(device, self.emulators.endpoint(device))

    def run_(self, coroutine, seconds=0.1):
        done = Deferred.fromCoroutine(coroutine).addErrback(lambda failure: failure.value)
        self.lab.advance(seconds)
        return self.successResultOf(done)

    def read(self, seconds=0.1):
        return {a: r.on for a, r in self.run_(self.agilent.read(("101", "102")), seconds).items()}

    def test_the_driver_speaks_with_an_instrument_whose_valves_are_closed(self):
        self.assertEqual(self.read(), {"101": False, "102": False})
        self.run_(self.agilent.drive("101", True, lambda: True))
        self.assertEqual(self.read(), {"101": True, "102": False})

    def test_closed_where_it_is_inverted_too(self):
        self.setUp()
        self.instruments = Instruments(self.lab)
        self.start(invert="true")
        self.assertEqual(self.read(), {"101": False, "102": False})
        self.assertTrue(self.instruments.agilents["bank"].bank.is_open("101"))

    def test_relays_stay_where_they_are_when_the_node_dies_and_starts_again(self):
        self.run_(self.agilent.drive("101", True, lambda: True))
        log = self.instruments.agilents["bank"].bank.log
        for _ in range(5):
            self.graves = self.clock.drop()
            self.start()
            self.assertEqual(self.read(), {"101": True, "102": False})
        self.assertEqual(len(log), 1)

    def test_what_was_on_the_line_when_the_node_died_still_arrives(self):
        self.read()
        Deferred.fromCoroutine(self.agilent.drive("101", True, lambda: True)).addErrback(lambda _: None)
        self.graves = self.clock.drop()
        self.lab.advance(0.1)
        self.assertTrue(self.instruments.agilents["bank"].bank.is_open("101"))

    def test_a_line_that_drops_is_connected_again(self):
        self.read()
        self.instruments.faults_of("bank").force(Fault.DROPS)
        self.assertIsInstance(self.run_(self.agilent.drive("101", True, lambda: True)), NoAnswer)
        self.assertEqual(set(self.read(1.0)), {"101", "102"})

    def test_a_klass_without_emulator_is_a_bank_of_relays_that_stays(self):
        for klass in ("QtegraGPActuator", "ProXRActuator", ""):
            self.assertIsNone(self.emulators.endpoint(a_device(klass)))
        self.run_(self.emulators.relays("other").drive("1", True, lambda: True))
        again = self.instruments.for_node(self.lab).relays("other")
        self.assertIs(self.run_(again.read(("1",)))["1"].on, True)
