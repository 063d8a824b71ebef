"""The driver of docs/how-to/write-a-driver.md: installed by its entry point, checked, and spoken with."""

import importlib.util
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from twisted.internet.task import Clock

from pychron.cli.init import root_files
from pychron.cli.main import main
from pychron.hardware.channel import Channel
from pychron.hardware.drivers import driver_for, klasses
from pychron.hardware.interfaces import NoAnswer, NotBegun, Rejected
from tests.hardware.wired import Ends, a_world, pump, start

EXAMPLES = Path(__file__).parents[2] / "examples"
KLASS = "RelayBoxGPActuator"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """As `pip install` of the laboratory's own package leaves it."""
    info = tmp_path / "site" / "our_lab-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: our-lab\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[pychron.drivers]\n{KLASS} = relay_box_gp_actuator:DRIVER\n")
    monkeypatch.syspath_prepend(info.parent)
    monkeypatch.syspath_prepend(EXAMPLES)
    yield
    sys.modules.pop("relay_box_gp_actuator", None)


def box():
    """A driver on a Clock, and its instrument."""
    spec = importlib.util.spec_from_file_location("relay_box", EXAMPLES / "relay_box_gp_actuator.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    clock = Clock()
    ends = Ends(clock)
    actuator = module.RelayBoxGPActuator("box", Channel(a_world(clock), ends, "box", 1.0), False, 2.0)
    pump(clock)
    return clock, ends, actuator


def outcome(done):
    found = []
    done.addBoth(found.append)
    return found


def test_it_is_found_by_its_klass(installed):
    assert KLASS in klasses()
    assert driver_for(KLASS).validate("17") == "write a relay, 1 to 16"


def test_a_root_that_names_it_has_no_error(installed, tmp_path):
    for name, text in root_files("valve", simulated=False).items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for card, relay in zip(range(101, 107), range(1, 7), strict=True):
            text = text.replace(f"address: {card}", f"address: {relay}")
        if name.endswith("switch_controller.yaml"):
            text = f"name: box\nklass: {KLASS}\nhost: 192.0.2.7\nport: 4001\n"
        path.write_text(text)
    report = CliRunner().invoke(main, ["check", str(tmp_path / "root"), "--strict"], prog_name="pychron")
    assert report.exit_code == 0, report.output
    assert "all relays off" in report.output


def test_an_acknowledged_command():
    _, ends, actuator = box()
    done = outcome(start(actuator.drive("3", True, lambda: True)))
    assert ends.wire.take() == b"SET 3 1\r\n"
    ends.wire.say(b"OK\r\n")
    assert done[0].epoch == 1


def test_a_refusal_is_certain():
    _, ends, actuator = box()
    done = outcome(start(actuator.drive("3", True, lambda: True)))
    ends.wire.say(b"NO fuse\r\n")
    assert isinstance(done[0], Rejected)


@pytest.mark.parametrize("answer", [b"", b"0K\r\n"])
def test_silence_and_nonsense_leave_it_unknown(answer):
    clock, ends, actuator = box()
    done = outcome(start(actuator.drive("3", True, lambda: True)))
    ends.wire.say(answer)
    clock.advance(1.1)
    assert isinstance(done[0], NoAnswer)


def test_nothing_is_written_when_it_is_too_late():
    _, ends, actuator = box()
    done = outcome(start(actuator.drive("3", True, lambda: False)))
    assert isinstance(done[0], NotBegun)
    assert ends.wire.take() == b""


def test_relays_are_read():
    _, ends, actuator = box()
    done = outcome(start(actuator.read(["1", "2"])))
    ends.wire.say(b"1\r\n")
    ends.wire.say(b"0\r\n")
    assert {address: reading.on for address, reading in done[0].items()} == {"1": True, "2": False}
