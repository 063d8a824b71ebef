import pytest
from twisted.internet.task import Clock

from pychron.config.device_file import DeviceFile
from pychron.config.problems import Place
from pychron.hardware import drivers
from pychron.hardware.communications import NoWay, Serial, Tcp, way_to
from pychron.hardware.driver import Driver
from pychron.hardware.drivers import ActuatorBuilder, UnknownDriver, driver_for, klasses, module_name
from pychron.hardware.interfaces import IActuator
from tests.hardware.wired import Ends, a_world

KLASSES = ("AgilentGPActuator", "DummyGPActuator", "PychronGPActuator", "QtegraGPActuator")


def a_device(klass="AgilentGPActuator", name="bank", **communications):
    return DeviceFile(name, klass, Place("devices/bank.yaml", 2), {"communications": communications})


class Streams:
    """Where the drivers would have connected to."""

    def __init__(self, clock):
        self.clock, self.asked = clock, []

    def serial(self, port, settings):
        self.asked.append((port, settings.baudrate, settings.hold_dtr))
        return Ends(self.clock)

    def tcp_client(self, host, port, timeout_s):
        self.asked.append((host, port))
        return Ends(self.clock)


@pytest.fixture
def streams():
    return Streams(Clock())


def built(streams, *devices):
    builder = ActuatorBuilder(a_world(streams.clock, streams))
    return [builder.build(device) for device in devices]


def test_every_built_in_driver_is_found_by_its_klass_and_says_what_its_relays_do():
    assert tuple(sorted(klasses())) == KLASSES
    for klass in KLASSES:
        driver = driver_for(klass)
        assert (driver.klass, bool(driver.power_up)) == (klass, True)


@pytest.mark.parametrize(
    ("klass", "module"),
    [
        ("AgilentGPActuator", "agilent_gp_actuator"),
        ("T4Actuator", "t4_actuator"),
        ("U2351A", "u2351a"),
        ("PLC2000GPActuator", "plc2000_gp_actuator"),
        ("ProXRActuator", "pro_xr_actuator"),
        ("../etc", "etc"),
        ("", ""),
    ],
)
def test_a_klass_names_its_module(klass, module):
    assert module_name(klass) == module


@pytest.mark.parametrize("klass", ["AgilentGPActuato", "", "Channel", "../drivers", "Driver"])
def test_what_has_no_driver_is_told(klass):
    with pytest.raises(UnknownDriver, match="there is no driver"):
        driver_for(klass)


class EntryPoint:
    def __init__(self, name, driver):
        self.name, self.value, self._driver = name, f"lab_drivers:{name}", driver

    def load(self):
        return self._driver


def test_a_laboratory_brings_its_own_and_never_replaces_one(monkeypatch):
    own = Driver("LabActuator", make=lambda setting: setting.name)
    brought = [EntryPoint("LabActuator", own), EntryPoint("Odd", own), EntryPoint("AgilentGPActuator", own)]
    monkeypatch.setattr(drivers, "entry_points", lambda group: brought)
    assert driver_for("LabActuator") is own
    assert "LabActuator" in klasses()
    for klass in ("Odd", "AgilentGPActuator"):
        with pytest.raises(UnknownDriver):
            driver_for(klass)


def test_building_connects_to_what_the_file_says_and_provides_actuators(streams):
    made = built(
        streams,
        a_device(type="serial", port="ttyUSB0", baudrate="57600", hold_dtr="yes"),
        a_device("QtegraGPActuator", "qtegra", type="ethernet", host="10.0.0.2", port="1069"),
        a_device("PychronGPActuator", "line", host="10.0.0.3", port="1061"),
        a_device("DummyGPActuator", "dummy"),
    )
    assert all(IActuator.providedBy(actuator) for actuator in made)
    assert streams.asked == [("/dev/ttyUSB0", 57600, True), ("10.0.0.2", 1069), ("10.0.0.3", 1061)]


def test_two_devices_at_one_address_share_a_channel(streams):
    where = {"type": "serial", "port": "/dev/ttyS0"}
    built(streams, a_device(**where), a_device(name="other", **where))
    assert len(streams.asked) == 1


def test_a_gauge_on_the_line_of_an_actuator_waits_for_its_turn_there(streams):
    lines, world = {}, a_world(streams.clock, streams)
    where = {"type": "serial", "port": "/dev/ttyS0"}
    actuators, gauges = ActuatorBuilder(world, lines), ActuatorBuilder(world, lines)
    channel = actuators.setting(a_device(**where)).channel()
    gauge = a_device("TextGauge", "gauge", **where)
    assert gauges.setting(gauge).channel() is channel
    assert (len(streams.asked), gauges.channels) == (1, {}), "one conversation, and it is the actuator's"
    with pytest.raises(
        UnknownDriver, match=r"gauge ends its lines in another way than .*give it a line of its own"
    ):
        gauges.setting(gauge).channel(b"\r")
    with pytest.raises(UnknownDriver, match="with different settings"):
        gauges.setting(a_device("TextGauge", "other", **where, baudrate="19200")).channel()


@pytest.mark.parametrize(
    ("communications", "says"),
    [
        ({}, "write communications"),
        ({"type": "serial"}, "no serial port"),
        ({"type": "ethernet", "host": "10.0.0.2"}, "host: and port:"),
        ({"type": "ethernet", "host": "10.0.0.2", "port": "5025", "kind": "UDP"}, "write kind: TCP"),
        ({"type": "gpib", "port": "1"}, "gpib is not built yet"),
        ({"type": "serial", "port": "ttyS0", "baudrate": "fast"}, "baudrate"),
    ],
)
def test_a_file_that_says_no_way_says_what_to_write(streams, communications, says):
    with pytest.raises(UnknownDriver, match=says):
        built(streams, a_device(**communications))
    assert streams.asked == []


def test_ways():
    serial = way_to(a_device(type="Serial", port="/dev/ttyS0", parity="EVEN", stopbits="2", timeout="0.3"))
    assert serial == Serial("/dev/ttyS0", parity="E", stopbits=2, timeout_s=0.3)
    assert way_to(a_device(host="10.0.0.2", port="5025")) == Tcp("10.0.0.2", 5025)
    with pytest.raises(NoWay):
        way_to(a_device())
