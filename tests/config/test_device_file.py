"""Device files in all their forms: the seed's, sectioned YAML, cfg, and the two-level switch controller."""

from __future__ import annotations

from pathlib import Path

import pytest

from pychron.config.device_file import DeviceFile, concrete, find_device_file, read_device_file
from pychron.config.problems import Report

SEED = Path(__file__).parent / "seed" / "pyexperiment"


def read(folder: Path, name: str, text: str) -> tuple[DeviceFile | None, list[str]]:
    path = folder / name
    path.write_text(text)
    report = Report(folder)
    return read_device_file(path, report), [str(p) for p in report.problems]


@pytest.mark.parametrize(
    ("name", "klass", "host", "timeout"),
    [
        ("extraction_line", "RemoteExtractionLineManager", "192.168.1.50", "2"),
        ("furnace", "RemoteFurnaceManager", "192.168.1.51", "5"),
    ],
)
def test_the_seeds_files_are_understood_word_for_word(name, klass, host, timeout):
    report = Report(SEED)
    device = read_device_file(SEED / f"{name}.yaml", report)
    assert device is not None
    assert report.problems == []
    assert (device.klass, device.communications) == (
        klass,
        {"host": host, "port": "1061", "timeout": timeout},
    )
    fields = device.fields("Communications", report)
    assert (fields.host(), fields.port(), fields.seconds("timeout", 1.0)) == (host, 1061, float(timeout))
    assert fields.place_of("port").line == 5


def test_cfg_and_sectioned_yaml_say_the_same(tmp_path):
    cfg, first = read(
        tmp_path,
        "a.cfg",
        "[General]\nname = relays\nklass = AgilentGPActuator\ninvert = true\n"
        "[Communications]\ntype = serial\nport = /dev/ttyUSB0\nbaudrate = 57600",
    )
    yaml, second = read(
        tmp_path,
        "a.yaml",
        "General: {name: relays, klass: AgilentGPActuator, invert: true}\n"
        "Communications:\n  type: serial\n  port: /dev/ttyUSB0\n  baudrate: 57600\n",
    )
    assert cfg is not None and yaml is not None
    assert cfg.sections == yaml.sections
    assert (cfg.name, cfg.klass, cfg.line_of["communications", "port"]) == ("relays", "AgilentGPActuator", 7)
    assert first == second == []


def test_wrong_values_are_errors_with_their_lines(tmp_path):
    device, problems = read(
        tmp_path,
        "d.yaml",
        "klass: AgilentGPActuater\nhost: not a host\nport: 0\ntimeout: soon\ntimout: 3\nkind: TPC\n",
    )
    assert device is not None and device.faulty
    assert problems == [
        "d.yaml:1: error: klass AgilentGPActuater is not known; did you mean AgilentGPActuator?",
        "d.yaml:5: warning: timout is not a known key and is ignored; did you mean timeout?",
        "d.yaml:2: error: [Communications]: host: 'not a host' is no host name or address",
        "d.yaml:4: error: [Communications]: timeout: 'soon' is not a number; write one such as 1",
        "d.yaml:3: error: [Communications]: port: 0 is out of range; write a number at least 1 and at most 65535",
        "d.yaml:6: error: [Communications]: kind: 'TPC' is not known; write TCP or UDP; did you mean TCP?",
    ]


def test_an_ethernet_device_checks_its_port_and_warns_of_udp(tmp_path):
    _, problems = read(
        tmp_path, "d.cfg", "[Communications]\ntype=ethernet\nhost=192.0.2.1\nport=70000\ncolour=red\n"
    )
    assert problems == [
        "d.cfg:5: warning: [Communications]: colour is not a known key and is ignored",
        "d.cfg:4: error: [Communications]: port: 70000 is out of range; write a number at least 1 and at most 65535",
        "d.cfg:3: warning: [Communications]: has no kind, which installed Pychron reads as UDP and we as TCP; "
        "write kind = TCP (or UDP)",
    ]


def test_yaml_goes_before_cfg_and_folders_after_files(tmp_path):
    (tmp_path / "furnace").mkdir()
    for name in ("a.yml", "a.cfg", "furnace/a.yaml", "furnace/b.cfg", "c.yaml", "c.yml"):
        (tmp_path / name).write_text("")
    assert find_device_file(tmp_path, "a") == tmp_path / "a.yml"
    assert find_device_file(tmp_path, "b") == tmp_path / "furnace" / "b.cfg"
    assert find_device_file(tmp_path, "c") == tmp_path / "c.yaml"
    for name in ("", "x", "../c", "/etc/passwd", "a\x00", "n" * 300):
        assert find_device_file(tmp_path, name) is None


@pytest.mark.parametrize(
    ("wrapper", "inner", "klass"),
    [
        ("[General]\nname = relays\nklass = AgilentGPActuator\n", "relays.cfg", "AgilentGPActuator"),
        ("[General]\ntype = my_agilent_thing\nname = relays\n", "relays.cfg", "AgilentGPActuator"),
        ("[General]\ntype = QtegraGPActuator\n", "QtegraGPActuator.cfg", "QtegraGPActuator"),
    ],
)
def test_a_switch_controller_stands_for_its_concrete_device(tmp_path, wrapper, inner, klass):
    (tmp_path / inner).write_text("[Communications]\ntype=ethernet\nhost=192.0.2.1\nport=5025\nkind=TCP\n")
    device, problems = read(tmp_path, "switch_controller.cfg", wrapper)
    assert device is not None
    report = Report(tmp_path)
    found = concrete(device, tmp_path, report)
    assert (found.klass, found.place.file, found.communications["port"]) == (klass, inner, "5025")
    assert not found.faulty
    assert report.problems == []
    assert len(problems) == ("type" in wrapper)


def test_a_switch_controller_without_its_device_is_an_error(tmp_path):
    device, _ = read(
        tmp_path, "switch_controller.cfg", "[General]\nname = relays\nklass = AgilentGPActuator\n"
    )
    assert device is not None
    report = Report(tmp_path)
    assert concrete(device, tmp_path, report).faulty
    assert [str(p) for p in report.problems] == [
        "switch_controller.cfg:1: error: names the driver AgilentGPActuator and there is no file devices/relays.yaml or "
        "devices/AgilentGPActuator.yaml (.yml, .cfg) that says how to reach it; write one with host and port, or type, "
        "port and baudrate"
    ]


def test_two_classes_for_one_device_are_a_contradiction(tmp_path):
    (tmp_path / "relays.cfg").write_text(
        "[General]\nklass=ProXRActuator\n[Communications]\nhost=h\nkind=TCP\nport=1\n"
    )
    device, _ = read(
        tmp_path, "switch_controller.cfg", "[General]\nname = relays\nklass = AgilentGPActuator\n"
    )
    assert device is not None
    report = Report(tmp_path)
    assert concrete(device, tmp_path, report).faulty
    assert [str(p) for p in report.errors] == [
        "relays.cfg:1: error: klass ProXRActuator contradicts klass AgilentGPActuator of switch_controller.cfg; "
        "write the same in both"
    ]
