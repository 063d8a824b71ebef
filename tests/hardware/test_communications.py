"""What a device file says of its line: terminators, flow control, and one channel to one instrument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from pychron.config.device_file import COMMUNICATIONS, DeviceFile, read_device_file
from pychron.config.problems import Place, Report
from pychron.hardware.communications import NoWay, way_to, write_terminator
from pychron.hardware.drivers import ActuatorBuilder, UnknownDriver
from tests.hardware.wired import Ends, a_world, pump, start


def a_device(klass="AgilentGPActuator", name="bank", **communications):
    return DeviceFile(name, klass, Place(f"devices/{name}.yaml"), {COMMUNICATIONS: communications})


class Streams:
    """Keeps what was asked of it."""

    def __init__(self):
        self.clock, self.serials, self.ends = Clock(), [], []

    def serial(self, port, settings):
        self.serials.append((port, settings))
        return self._end()

    def tcp_client(self, host, port, timeout_s):
        return self._end()

    def _end(self):
        self.ends.append(Ends(self.clock))
        return self.ends[-1]


@pytest.fixture
def streams():
    return Streams()


def build(streams, *devices):
    builder = ActuatorBuilder(a_world(streams.clock, streams))
    made = [builder.build(device) for device in devices]
    pump(streams.clock)
    return made


@pytest.mark.parametrize(
    ("word", "end"),
    [("", b""), ("chr(10)", b"\n"), ("chr(13)", b"\r"), ("chr(0)", b"\0"), ("CRLF", b"\r\n"), ("cr", b"\r")],
)
def test_terminators_as_installed_files_write_them(word, end):
    assert write_terminator(a_device(write_terminator=word)) == end


@given(st.text(max_size=12))
def test_a_terminator_is_understood_or_refused(word):
    try:
        assert len(write_terminator(a_device(write_terminator=word))) <= 2
    except NoWay as problem:
        assert "write CR, LF, CRLF" in str(problem)


def test_a_terminator_that_nobody_knows_is_refused_at_its_device(streams):
    device = a_device("QtegraGPActuator", host="10.0.0.2", port="1069", write_terminator="return")
    with pytest.raises(UnknownDriver, match=r"devices/bank\.yaml.*'return' is not known"):
        build(streams, device)


@pytest.mark.parametrize(("word", "end"), [("", b"\r"), ("CRLF", b"\r\n")])
def test_what_ends_a_command_to_qtegra(streams, word, end):
    (qtegra,) = build(
        streams, a_device("QtegraGPActuator", host="10.0.0.2", port="1069", write_terminator=word)
    )
    start(qtegra.drive("Valve Ar", True, lambda: True))
    assert streams.ends[0].wire.take() == b"Open Valve Ar" + end


@pytest.mark.parametrize(
    ("klass", "word", "xonxoff", "rtscts"),
    [
        ("AgilentGPActuator", "", True, False),
        ("AgilentGPActuator", "none", False, False),
        ("AgilentGPActuator", "RTSCTS", False, True),
        ("QtegraGPActuator", "", False, False),
    ],
)
def test_flow_control_is_the_files_else_the_drivers(streams, klass, word, xonxoff, rtscts):
    build(streams, a_device(klass, type="serial", port="/dev/ttyS0", flow_control=word))
    _, settings = streams.serials[0]
    assert (settings.xonxoff, settings.rtscts) == (xonxoff, rtscts)


def test_a_flow_control_that_is_none_is_an_error_with_its_line(tmp_path):
    path = tmp_path / "bank.yaml"
    path.write_text(
        "klass: AgilentGPActuator\ncommunications:\n  type: serial\n  port: /dev/ttyS0\n  flow_control: xon\n"
    )
    report = Report()
    device = read_device_file(path, report)
    assert [(p.place.line, "xonxoff" in p.text) for p in report.errors] == [(5, True)]
    with pytest.raises(NoWay):
        way_to(device)


def test_one_line_to_one_instrument_and_the_more_patient_device_counts(streams):
    quick, slow = build(
        streams,
        a_device(type="serial", port="ttyS0", timeout="0.5"),
        a_device(name="second", type="serial", port="/dev/ttyS0", timeout="2"),
    )
    assert len(streams.serials) == 1
    done = start(quick.drive("101", True, lambda: True))
    pump(streams.clock, 1.9, 0.1)
    assert not done.called
    pump(streams.clock, 0.3, 0.1)
    assert done.called
    assert slow.name == "second"


def test_two_files_that_contradict_each_other_about_one_line_are_told(streams):
    with pytest.raises(
        UnknownDriver, match=r"second\.yaml.* and .*bank\.yaml.* reach /dev/ttyS0 with different"
    ) as told:
        build(
            streams,
            a_device(type="serial", port="/dev/ttyS0", baudrate="9600"),
            a_device(name="second", type="serial", port="/dev/ttyS0", baudrate="57600"),
        )
    assert "write the same in both" in str(told.value)
    assert len(streams.serials) == 1
