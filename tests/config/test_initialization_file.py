"""initialization.xml: the seed's word for word, the installed grammar, and everything odd named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pychron.config.initialization import Initialization
from pychron.config.initialization_file import read_initialization
from pychron.config.problems import Report

SEED = Path(__file__).parent / "seed"


def read(folder: Path, text: str) -> tuple[Initialization | None, list[str]]:
    path = folder / "initialization.xml"
    path.write_text(text)
    report = Report(folder)
    found = read_initialization(path, report)
    return found, [str(p) for p in report.problems]


@pytest.mark.parametrize(
    ("node", "plugins"),
    [
        (
            "pyexperiment",
            [
                "DVC",
                "GitHub",
                "Database",
                "Spectrometer",
                "ExtractionLine",
                "Experiment",
                "Laser",
                "DashboardServer",
            ],
        ),
        ("pyvalve", ["ExtractionLine", "RemoteCommandServer"]),
        ("furpi", ["Furnace", "RemoteCommandServer"]),
        ("pycrunch", ["DVC", "GitHub", "Database", "Pipeline", "DashboardClient"]),
    ],
)
def test_the_seeds_files_are_understood_word_for_word(node, plugins):
    report = Report(SEED)
    found = read_initialization(SEED / node / "initialization.xml", report)
    assert found is not None
    assert [p.name for p in found.plugins] == plugins
    assert all(p.enabled for p in found.plugins)
    assert report.problems == []
    groups = {p.name: p.group for p in found.plugins}
    assert groups.get("DVC", "globals") == "globals"


FULL = """<root>
  <globals>
    <load_soft_locks>false</load_soft_locks>
    <own_spectrometer>jan</own_spectrometer>
  </globals>
  <plugins>
    <social/>
    <hardware>
      <plugin enabled="True">ExtractionLine
        <system master_host="10.0.0.5">obama</system>
        <flag enabled="true">AirPipetteFlag</flag>
        <timed_flag enabled="false">Bleed</timed_flag>
        <valve_flag enabled="true">Shared<valves>A, B</valves></valve_flag>
        <rpc mode="client"><host>192.0.2.7</host><port>8000</port></rpc>
        <manager enabled="true">switch_manager
          <device enabled="true">switch_controller<klass>SwitchController</klass></device>
          <manager enabled="1">gauge_manager
            <device enabled="no">bone<klass>MicroIonController</klass><required>false</required></device>
          </manager>
        </manager>
        <device enabled="true">extra</device>
        <runner><communications><host>192.0.2.50</host><port>1061</port><message_frame/></communications></runner>
      </plugin>
      <plugin enabled="true">FusionsCO2<mode>client</mode><klass>PychronLaserManager</klass>
        <communications><host>192.0.2.9</host></communications></plugin>
    </hardware>
  </plugins>
</root>
"""


def test_the_whole_grammar(tmp_path):
    found, problems = read(tmp_path, FULL)
    assert found is not None
    assert problems == []
    assert (found.globals, found.flag("load_soft_locks", True)) == (
        {"load_soft_locks": "false", "own_spectrometer": "jan"},
        False,
    )
    line, laser = found.plugins
    assert [(m.name, m.enabled) for m in line.all_managers()] == [
        ("switch_manager", True),
        ("gauge_manager", True),
    ]
    assert [(d.name, d.enabled, d.klass, d.required, d.place.line) for d in line.all_devices()] == [
        ("switch_controller", True, "SwitchController", True, 16),
        ("bone", False, "MicroIonController", False, 18),
        ("extra", True, "", True, 21),
    ]
    assert [(f.kind, f.name, f.enabled, f.valves) for f in line.flags] == [
        ("flag", "AirPipetteFlag", True, ()),
        ("timed_flag", "Bleed", False, ()),
        ("valve_flag", "Shared", True, ("A", "B")),
    ]
    assert line.values == {
        "system": "obama",
        "system.master_host": "10.0.0.5",
        "rpc.mode": "client",
        "rpc.host": "192.0.2.7",
        "rpc.port": "8000",
        "runner.communications.host": "192.0.2.50",
        "runner.communications.port": "1061",
        "runner.communications.message_frame": "",
    }
    assert laser.values == {
        "mode": "client",
        "klass": "PychronLaserManager",
        "communications.host": "192.0.2.9",
    }
    assert line.places["rpc.port"].line == 14


ODD = """<root>
  <globals><valve_debug>perhaps</valve_debug></globals>
  <plugins>
    <plugin enabled="true">DVC</plugin>
    <general>
      <plugin>Pipeline</plugin>
      <plugin enabled="ture">Database</plugin>
      <plugin enabled="true" name="ExtractionLine">
        <manager enabled="true">valve_manager
          <flag enabled="true">F</flag>
        </manager>
        <manager enabled="true">swich_manager</manager>
        <device enabled="true" name="sc" klass="AgilentGPActuator" manager="switch_manager"/>
        <mod>client</mod>
      </plugin>
      <plugin enabled="true">database</plugin>
      <plugin enabled="true"/>
    </general>
    <hardwear/>
  </plugins>
</root>
"""


def test_everything_odd_is_named_with_what_to_write(tmp_path):
    found, problems = read(tmp_path, ODD)
    assert found is not None
    assert sorted(problems, key=lambda p: int(p.split(":")[1])) == [
        "initialization.xml:2: warning: <valve_debug>: 'perhaps' is neither true nor false; read as false",
        "initialization.xml:4: warning: <plugin> stands directly in <plugins>, where installed Pychron does not look; "
        "put it into <general>",
        "initialization.xml:6: warning: plugin Pipeline has no enabled attribute, which means disabled; "
        'write enabled="true"',
        'initialization.xml:7: error: plugin Database: enabled="ture" is neither true nor false; '
        'write enabled="true" or enabled="false"',
        'initialization.xml:8: warning: the attribute name="ExtractionLine" is not read by installed Pychron; '
        'write <plugin enabled="true">ExtractionLine</plugin>',
        "initialization.xml:9: warning: manager valve_manager is an older name, read as switch_manager; "
        "write switch_manager",
        "initialization.xml:10: warning: flag F stands inside a manager, where installed Pychron cannot find it; "
        "put it directly into <plugin>",
        "initialization.xml:12: error: manager swich_manager is not known; did you mean switch_manager?",
        'initialization.xml:13: warning: the attribute name="sc" is not read by installed Pychron; '
        'write <device enabled="true">sc</device>',
        'initialization.xml:13: warning: the attribute manager="switch_manager" is not read; put sc inside '
        '<manager enabled="true">switch_manager</manager>',
        'initialization.xml:13: warning: the attribute klass="AgilentGPActuator" of device sc is not read by installed '
        'Pychron; write <device enabled="true">sc<klass>AgilentGPActuator</klass></device>',
        "initialization.xml:14: warning: <mod> in <plugin> is not known and is ignored; did you mean mode?",
        "initialization.xml:16: error: plugin database stands twice, first in line 7; keep one",
        'initialization.xml:17: error: has no name; write <plugin enabled="true">NAME</plugin>',
        "initialization.xml:19: warning: <hardwear> in <plugins> is not known and is ignored; did you mean hardware?",
    ]
    line = next(p for p in found.plugins if p.name == "ExtractionLine")
    assert [(d.name, d.klass) for d in line.all_devices()] == [("sc", "AgilentGPActuator")]
    assert not any(p.enabled for p in found.plugins if p.name in ("Pipeline", "Database"))


def test_another_file_is_refused(tmp_path):
    found, problems = read(tmp_path, "<canvas/>")
    assert found is None
    assert problems == [
        "initialization.xml:1: error: <canvas> is not an initialization file; its outermost element is <root>"
    ]
