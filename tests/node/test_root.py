"""A whole root in one report: where it is, what its files say together, and a real laboratory's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pychron.config.problems import Report
from pychron.node.root import RootConfig, blocking, check_root, find_root, find_valves_file, state_folder
from pychron.node.root_devices import Drivers

LAB = Path(__file__).parents[3] / "shared" / "real" / "lab"
SEED = Path(__file__).parents[1] / "config" / "seed"
DRIVERS = Drivers(klasses=("AgilentGPActuator", "DummyGPActuator", "PychronGPActuator"))
BUILT = ("ExtractionLine", "RemoteCommandServer", "Broadcast")
VALVE_INIT = """<root><plugins><hardware>
<plugin enabled="true">ExtractionLine
<manager enabled="true">switch_manager
<device enabled="true">switch_controller</device>
</manager></plugin></hardware></plugins></root>
"""
AGILENT = "klass: AgilentGPActuator\nhost: 192.0.2.5\nport: 5025\npower_up: all closed\n"


def root(folder: Path, **files: str) -> Path:
    """Files by their path below setupfiles, `__` for `/` and a last `_` for the dot."""
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        path = folder / "setupfiles" / f"{stem.replace('__', '/')}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def check(folder: Path, role: str | None = None, **options: object) -> tuple[RootConfig | None, list[str]]:
    config, report = check_root(folder, role, **{"drivers": DRIVERS, "built": BUILT, "own": (), **options})
    return config, [str(p) for p in report.sorted()]


def test_a_sound_root_says_nothing(tmp_path):
    folder = root(
        tmp_path,
        initialization_xml=VALVE_INIT,
        devices__switch_controller_yaml=AGILENT,
        extractionline__valves_yaml="- {name: A, address: 101}\n",
        park_yaml="sequence: [{close: A}]\n",
    )
    config, problems = check(folder)
    assert problems == []
    assert config is not None and config.line is not None
    assert (config.role, config.node_name, config.simulated) == ("valve", "pyvalve", False)
    assert [s.actuator for s in config.line.switches] == ["switch_controller"]
    assert config.devices["switch_controller"].klass == "AgilentGPActuator"
    assert len(config.park.steps) == 1
    assert config.notes == ("switch_controller (AgilentGPActuator): power_up: all closed",)


def test_everything_wrong_stands_in_one_report(tmp_path):
    folder = root(
        tmp_path,
        initialization_xml=VALVE_INIT.replace(
            "</manager>", '<device enabled="false">old</device></manager>'
        ).replace("</plugin>", '</plugin>\n<plugin enabled="true">Experimnt</plugin>'),
        devices__switch_controller_yaml="klass: AgilentGPActuator\nhost: 192.0.2.5\nport: 99999\n",
        devices__camera_cfg="nonsense\n",
        extractionline__valves_yaml="- {name: A, address: 101, interlock: X}\n",
        extractionline__valves_xml="<root/>",
        park_yaml="sequence: [{open: A}]\n",
    )
    config, problems = check(folder, "valve")
    assert problems == [
        "setupfiles/devices/camera.cfg:1: warning: 'nonsense' is neither [section] nor key = value",
        "setupfiles/devices/switch_controller.yaml:3: error: [Communications]: port: 99999 is out of range; "
        "write a number at least 1 and at most 65535",
        "setupfiles/extractionline/valves.xml:0: warning: is not read: valves.yaml goes first; delete one",
        "setupfiles/extractionline/valves.yaml:1: error: valve A: interlock X is no switch of this file",
        "setupfiles/extractionline/valves.yaml:1: error: valve A: its actuator switch_controller cannot be used: "
        "setupfiles/devices/switch_controller.yaml:3: [Communications]: port: 99999 is out of range; "
        "write a number at least 1 and at most 65535",
        "setupfiles/initialization.xml:5: error: device old is required and disabled; enable it, "
        "or write <required>false</required>",
        "setupfiles/initialization.xml:5: warning: actuator old is disabled: its switches are out of service",
        "setupfiles/initialization.xml:6: error: plugin Experimnt is not known; did you mean Experiment?",
        "setupfiles/park.yaml:1: error: open A without a condition that must hold is refused; "
        "write when: and what must be measured, as in `when: IG1 < 1e-3`",
        "setupfiles/park.yaml:1: error: open A: it is out of service (setupfiles/extractionline/valves.yaml:1: valve A: "
        "interlock X is no switch of this file)",
    ]
    assert config is not None and config.line is not None
    assert config.line.by_name["A"].faults
    assert not config.park.sound


def test_lenient_starts_in_spite_of_errors_and_nothing_else_does(tmp_path):
    report = Report(tmp_path)
    report.error(report.place("x", 1), "wrong")
    report.warning(report.place("x", 2), "odd")
    assert [str(p) for p in blocking(report, lenient=False)] == ["x:1: error: wrong"]
    assert blocking(report, lenient=True) == []


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "setupfiles:0: error: there is no folder setupfiles; write a root with `pychron init`"),
        ({"x_y": ""}, "setupfiles/initialization.xml:0: error: no such file"),
        (
            {"initialization_xml": VALVE_INIT, "devices__switch_controller_yaml": AGILENT},
            "setupfiles/extractionline/valves.yaml:0: error: no such file, nor valves.xml; write the switches of the line",
        ),
    ],
)
def test_where_there_is_nothing_to_start_from(tmp_path, files, problem):
    config, problems = check(root(tmp_path, **files))
    assert config is None
    assert problems == [problem]


def test_the_seeds_experiment_root_drives_its_valves_through_the_remote_line(tmp_path):
    folder = root(
        tmp_path / ".pychron.experiment",
        extractionline__valves_yaml="- {name: A}\n- {name: B, interlock: A}\n",
    )
    shutil.copy(SEED / "pyexperiment" / "initialization.xml", folder / "setupfiles")
    (folder / "setupfiles" / "devices").mkdir()
    for name in ("extraction_line.yaml", "furnace.yaml"):
        shutil.copy(SEED / "pyexperiment" / name, folder / "setupfiles" / "devices")
    config, problems = check(folder)
    assert config is not None and config.line is not None
    assert config.role == "experiment"
    assert {s.actuator for s in config.line.switches} == {"extraction_line"}
    assert [p for p in problems if ": error: " in p] == []
    assert [p.split(": ")[2] for p in problems if "not built" in p] == [
        f"{name} is not built yet"
        for name in ["DVC", "GitHub", "Database", "Spectrometer", "Experiment", "Laser", "DashboardServer"]
    ]


def test_a_line_of_another_node_makes_the_root_one_of_an_experiment(tmp_path):
    folder = root(
        tmp_path,
        initialization_xml='<root><plugins><general>\n<plugin enabled="true">ExtractionLine</plugin>\n</general></plugins></root>',
        devices__extraction_line_yaml="name: Line\nklass: RemoteExtractionLineManager\nhost: 192.0.2.1\nport: 1061\n",
        devices__relays_yaml=AGILENT,
        extractionline__valves_yaml="- {name: A, interlock: L}\n- {name: L, address: 1, actuator: relays, interlock: A}\n"
        "- {name: M, actuator: Line}\n",
    )
    config, problems = check(folder)
    assert problems == []
    assert config is not None and config.line is not None
    assert config.role == "experiment"
    assert [s.actuator for s in config.line.switches] == ["extraction_line", "relays", "extraction_line"]
    assert [n for n in config.notes if "crosses" in n] == [
        "interlock A (extraction_line) - L (relays) crosses controllers: refused while either is lost"
    ]


def test_a_klass_without_driver_is_out_of_service_unless_simulated(tmp_path):
    folder = root(
        tmp_path,
        initialization_xml=VALVE_INIT,
        devices__switch_controller_yaml=AGILENT.replace("AgilentGP", "ProXR"),
        extractionline__valves_yaml="- {name: A, address: 1}\n",
    )
    config, problems = check(folder)
    assert config is not None and config.line is not None and config.line.by_name["A"].faults
    place = "setupfiles/devices/switch_controller.yaml:1"
    assert problems == [
        f"{place}: warning: klass ProXRActuator of switch_controller has no driver here yet; "
        "with --simulated a generic relay bank takes its place",
        "setupfiles/extractionline/valves.yaml:1: error: valve A: its actuator switch_controller cannot be used: "
        f"{place}: klass ProXRActuator has no driver here yet (--simulated starts without hardware)",
    ]
    config, problems = check(folder, simulated=True)
    assert config is not None and config.line is not None and not config.line.by_name["A"].faults
    assert len(problems) == 1


def test_other_areas_read_their_files_into_the_same_report(tmp_path):
    folder = root(
        tmp_path,
        initialization_xml=VALVE_INIT,
        devices__switch_controller_yaml=AGILENT,
        extractionline__valves_yaml="- {name: A, address: 101}\n",
    )

    def servers(setupfiles: Path, report: Report) -> None:
        report.error(report.place(setupfiles / "servers" / "remote_command_server.yaml", 1), "port: wrong")

    assert check(folder, readers=[servers])[1] == [
        "setupfiles/servers/remote_command_server.yaml:1: error: port: wrong"
    ]


def test_the_valves_file_that_preferences_name(tmp_path):
    folder = root(tmp_path, extractionline__valves_yaml="[]", extractionline__valves_xml="<root/>")
    preferences = folder / "preferences"
    preferences.mkdir()
    report = Report(folder)
    (preferences / "extractionline.ini").write_text(
        "[pychron.extraction_line]\nvalves_path = C:\\Users\\argon\\Pychron\\setupfiles\\extractionline\\valves.xml\n"
    )
    assert find_valves_file(folder, report) == folder / "setupfiles" / "extractionline" / "valves.xml"
    assert [str(p) for p in report.sorted()] == [
        "preferences/extractionline.ini:2: warning: valves_path C:\\Users\\argon\\Pychron\\setupfiles\\extractionline\\valves.xml "
        "is not on this machine; valves.xml of this root is read instead",
        "setupfiles/extractionline/valves.yaml:0: warning: is not read: valves.xml goes first; delete one",
    ]
    other = folder / "setupfiles" / "my_valves.xml"
    other.write_text("<root/>")
    (preferences / "extractionline.ini").write_text(f"[pychron.extraction_line]\nvalves_path = {other}\n")
    assert find_valves_file(folder, Report(folder)) == other


def test_where_the_root_is(tmp_path):
    assert find_root("/x/y", "valve", tmp_path) == Path("/x/y")
    assert find_root(None, "valve", tmp_path) == tmp_path / ".pychron.valve"
    (tmp_path / "Pychron" / "setupfiles").mkdir(parents=True)
    assert find_root(None, "experiment", tmp_path) == tmp_path / "Pychron"
    (tmp_path / ".pychron.valve").mkdir()
    assert find_root(None, "valve", tmp_path) == tmp_path / ".pychron.valve"


def test_where_a_node_keeps_its_files(tmp_path):
    folder = tmp_path / "lab"
    folder.mkdir()
    assert state_folder(folder, "valve", simulated=False) == folder / ".appdata" / "pyvalve"
    assert state_folder(folder, "valve", simulated=True) == folder / ".appdata" / "pyvalve-simulated"
    folder.chmod(0o555)
    try:
        there = state_folder(folder, "experiment", simulated=True, home=tmp_path)
    finally:
        folder.chmod(0o755)
    assert there.name == "pyexperiment-simulated"
    assert there.is_relative_to(tmp_path / ".local" / "state" / "pychron")


@pytest.mark.skipif(not LAB.is_dir(), reason="the files of a real laboratory are not here")
@pytest.mark.parametrize(("role", "simulated"), [("valve", True), ("experiment", True), (None, False)])
def test_a_real_laboratory(role, simulated):
    config, report = check_root(LAB, role, drivers=DRIVERS, simulated=simulated, built=BUILT, own=())
    assert config is not None and config.line is not None
    assert [s.name for s in config.line.switches] == list("ABCDEFGHIJKLMNOPQRSTU")
    assert [(p.name, p.inner, p.outer) for p in config.line.pipettes] == [("Air", "G", "F"), ("Ar", "I", "H")]
    files = {(p.place.file.removeprefix("setupfiles/"), p.place.line, p.code) for p in report.problems}
    assert files >= {
        ("devices/QtegraGPActuator.cfg", 1, "driver"),
        ("devices/QtegraGPActuator.cfg", 4, "host"),
        ("devices/switch_controller.cfg", 2, "type"),
        ("extractionline/valves.xml", 9, "stray_text"),
        ("extractionline/valves.xml", 21, "stray_text"),
        ("initialization.xml", 21, "desktop"),
    }
    if role != "experiment":
        assert files >= {("initialization.xml", 27, "role"), ("initialization.xml", 33, "role")}
    if simulated:
        assert report.errors == []
        assert not any(s.faults for s in config.line.switches)
    else:
        assert config.role == "experiment"
        assert [p.code for p in report.errors] == ["actuator"]
