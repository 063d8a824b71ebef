"""valves.xml and valves.yaml: every key of both, load order, and each fault as the line that a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from pychron.config.problems import Report
from pychron.extraction_line.files.valves_file import read_valves
from pychron.extraction_line.files.valves_rules import ActuatorFacts
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Kind
from pychron.hardware.interfaces import Evidence

ACTUATORS = {
    "switch_controller": ActuatorFacts("switch_controller"),
    "di_box": ActuatorFacts("di_box"),
    "pyvalve": ActuatorFacts("pyvalve", by_name=True),
}
LAB = Path(__file__).parents[3] / "shared" / "real" / "lab" / "setupfiles"


def read(folder: Path, name: str, text: str, **options: object) -> tuple[LineSpec | None, list[str]]:
    path = folder / name
    path.write_text(text)
    report = Report(folder)
    line = read_valves(path, report, **{"actuators": ACTUATORS, **options})
    return line, [str(p) for p in report.sorted()]


def out_of_service(line: LineSpec | None) -> list[str]:
    assert line is not None
    return [s.name for s in line.switches if s.faults]


XML = """<root>
  <switch>J<address>110</address><safe>off</safe></switch>
  <valve>I<address>105</address><settling_time>0.5</settling_time><enabled>false</enabled></valve>
  <valve query_state="false">O<address>106</address><actuator>di_box</actuator><interlock>I</interlock></valve>
  <group>Line1
    <valve>A<address>101</address><description>Stage to turbo</description><interlock>B</interlock>
      <interlock>I</interlock><use_state_word>true</use_state_word></valve>
    <valve>B<address>102</address><interlock>A</interlock>
      <parent>J<inverted>true</inverted></parent>
      <state_device>di_box</state_device><state_address>7</state_address><state_invert>true</state_invert>
      <check_actuation_enabled>false</check_actuation_enabled><check_actuation_delay>2</check_actuation_delay>
      <track>no</track><ignore_lock_warning>1</ignore_lock_warning><inverted_logic>true</inverted_logic></valve>
  </group>
  <pipette>Air<inner>I</inner><outer>O</outer></pipette>
  <double_actuation_valve>W<address>111,112</address></double_actuation_valve>
  <manual_valve>T<description>Tank hand valve</description></manual_valve>
</root>
"""
YAML = """
- {name: J, kind: switch, address: 110, safe: off}
- {name: A, address: 101, description: Stage to turbo, interlocks: [B, I], use_state_word: true}
- name: B
  address: 102
  interlock: A
  parent: {name: J, inverted: true}
  state_device: {name: di_box, address: 7, inverted: true}
  check_actuation_enabled: false
  check_actuation_delay: 2
  track: no
  ignore_lock_warning: 1
  inverted_logic: true
- {name: I, address: 105, interlock: A, settling_time: 0.5, enabled: false}
- {name: O, address: 106, actuator: di_box, interlock: I, query_state: false}
- {name: Air, kind: pipette, inner: I, outer: O}
- {name: W, kind: double_actuation_valve, address: "111,112"}
- {name: T, kind: manual_valve, description: Tank hand valve}
"""


@pytest.mark.parametrize(("name", "text"), [("valves.xml", XML), ("valves.yaml", YAML)])
def test_both_formats_say_the_same(tmp_path, name, text):
    line, problems = read(tmp_path, name, text)
    assert line is not None
    assert [s.name for s in line.switches] == ["A", "B", "I", "O", "J", "T", "W"]
    a, b, i, o, j, t, w = line.switches
    assert (a.address, a.description, a.interlocks, a.use_state_word) == (
        "101",
        "Stage to turbo",
        ("B", "I"),
        True,
    )
    assert (b.parent, b.parent_inverted) == ("J", True)
    assert (b.state_device, b.state_address, b.state_invert) == ("di_box", "7", True)
    assert (b.check_enabled, b.check_delay_s, b.track, b.ignore_lock_warning, b.inverted_logic) == (
        False,
        2.0,
        False,
        True,
        True,
    )
    assert (i.settling_s, i.enabled) == (0.5, False)
    assert (o.actuator, o.query_state) == ("di_box", False)
    assert (j.kind, j.safe) == (Kind.SWITCH, "off")
    assert (t.kind, t.description) == (Kind.MANUAL_VALVE, "Tank hand valve")
    assert (w.kind, w.address) == (Kind.DOUBLE_ACTUATION_VALVE, "111,112")
    assert [(p.name, p.inner, p.outer) for p in line.pipettes] == [("Air", "I", "O")]
    assert out_of_service(line) == []
    assert all(": warning: " in p and "one-sided" in p for p in problems)
    assert line.by_name["B"] is b


def test_our_own_keys(tmp_path):
    line, problems = read(
        tmp_path,
        "valves.yaml",
        "- {name: P, kind: switch, address: 1, cooling: true, redrive: true}\n"
        "- {name: G, address: 2, supply: air, supply_minimum: 4.5 bar, permit: IG1 < 1e-5, close_requires: [U],\n"
        "   evidence: indicator, positive_interlocks: P}\n"
        "- {name: U, address: 3, supply: P}\n",
    )
    assert line is not None and problems == []
    g, u, p = line.switches
    assert (g.supply, g.supply_minimum, g.permit, g.close_requires) == (
        "air",
        "4.5 bar",
        "IG1 < 1e-5",
        ("U",),
    )
    assert (g.evidence_required, g.positive_interlocks, u.supply) == (Evidence.INDICATOR, ("P",), "P")
    assert (p.cooling, p.redrive) == (True, True)


def test_names_that_yaml_1_1_takes_for_booleans(tmp_path):
    line, problems = read(
        tmp_path,
        "valves.yaml",
        "- {name: N, address: 1, interlock: Y}\n- {name: Y, address: 2, interlock: N}\n",
    )
    assert line is not None and problems == []
    assert [(s.name, s.interlocks) for s in line.switches] == [("N", ("Y",)), ("Y", ("N",))]


FAULTS = """- {name: A, address: 1, interlock: [X, A]}
- {name: B, address: 1}
- {name: C, address: 3, parent: D}
- {name: D, address: 4, parent: C}
- {name: E, address: 5, settling_time: soon, interlok: F, colour: red}
- {name: F, address: 6, actuator: switch_contoller}
- {name: F, address: 7}
- {name: G}
- {name: V 1, address: 8}
- {name: W, kind: double_actuation_valve, address: 9}
- {name: K, kind: vlave, address: 10}
- {name: L, address: 11, positive_interlock: Z, parent: Q, close_requires: R, supply: S}
- {name: Air, kind: pipette, inner: A, outer: Nowhere}
- {kind: switch, address: 12}
- {name: M, address: 13, interlock: N, parent: N}
- {name: N, address: 14, interlock: M}
- {name: O, address: 15, address: 16, enabled: perhaps}
- {name: P, address: 17, interlock: "M, N", safe: closed, evidence: hearsay}
"""
GOLDEN = """\
valves.yaml:1: error: valve A: interlock A is the switch itself; delete it
valves.yaml:1: error: valve A: interlock X is no switch of this file
valves.yaml:2: error: valve B: address 1 of switch_controller is also that of A (line 1); write the right one
valves.yaml:3: error: valve C: is its own parent: C -> D -> C; delete one of these parents
valves.yaml:4: error: valve D: is its own parent: D -> C -> D; delete one of these parents
valves.yaml:5: error: valve E: interlok is not a known key; did you mean interlock?
valves.yaml:5: error: valve E: settling_time: 'soon' is not a number; write one such as 0
valves.yaml:5: warning: valve E: colour is not a known key and is ignored
valves.yaml:6: error: valve F: its actuator switch_contoller is no device of this root; did you mean switch_controller?; \
write devices/switch_contoller.yaml and list it in initialization.xml
valves.yaml:7: error: valve F stands twice, first in line 6; only the first is listed; give one of them another name
valves.yaml:8: error: valve G: has no address; write the one that switch_controller drives
valves.yaml:9: error: valve V 1: a name has no comma, bar, colon, hyphen or space: words on the wire use them
valves.yaml:10: error: double_actuation_valve W: address '9' is not two different addresses; write OPENS,CLOSES
valves.yaml:11: error: vlave K: vlave is no kind of switch; did you mean valve?
valves.yaml:12: error: valve L: close_requires R is no switch of this file
valves.yaml:12: error: valve L: parent Q is no switch of this file
valves.yaml:12: error: valve L: positive_interlock Z is no switch of this file
valves.yaml:12: error: valve L: supply S is no switch of this file; where it is a gauge, write supply_minimum too
valves.yaml:13: error: pipette Air: outer Nowhere is no switch of this file; its shots cannot be counted
valves.yaml:14: error: a switch has no name and is not read; write one
valves.yaml:15: error: valve M: opens with its parent N, with which it is interlocked; delete one of the two rules
valves.yaml:17: error: the key address stands twice in one table, first in line 17; keep one
valves.yaml:17: error: valve O: enabled: 'perhaps' is neither true nor false; write true or false
valves.yaml:18: error: valve P: evidence: 'hearsay' is not known; write commanded, declared, indicator or relay
valves.yaml:18: error: valve P: interlock M, N is no switch of this file; write each name by itself
valves.yaml:18: error: valve P: safe: 'closed' is not known; write off or on
"""


def test_what_either_of_two_of_one_name_is_interlocked_with_is_so(tmp_path):
    """Nobody knows which of the two is meant."""
    twice = "- {name: A, address: 1, interlock: B}\n- {name: A, address: 2, interlock: C}\n"
    line, _ = read(tmp_path, "valves.yaml", twice + "- {name: B, address: 3}\n- {name: C, address: 4}\n")
    assert line.by_name["A"].interlocks == ("B", "C")
    assert line.by_name["A"].faults and not line.by_name["C"].faults


def test_each_fault_is_told_and_only_its_switches_are_out_of_service(tmp_path):
    line, problems = read(tmp_path, "valves.yaml", FAULTS + "- {name: Sound, address: 99}\n")
    assert problems == GOLDEN.splitlines()
    assert line is not None
    names = [s.name for s in line.switches]
    assert names == ["A", "B", "C", "D", "E", "F", "G", "V 1", "K", "L", "M", "N", "O", "P", "Sound", "W"]
    assert [s.name for s in line.switches if not s.faults] == ["Sound"]
    assert line.pipettes == ()
    assert sorted(line.by_name["A"].faults) == [
        "valves.yaml:13: pipette Air: outer Nowhere is no switch of this file; its shots cannot be counted",
        "valves.yaml:1: valve A: interlock A is the switch itself; delete it",
        "valves.yaml:1: valve A: interlock X is no switch of this file",
        "valves.yaml:2: valve B: address 1 of switch_controller is also that of A (line 1); write the right one",
    ]


def test_nothing_follows_a_valve_that_a_hand_turns(tmp_path):
    text = "- {name: T, kind: manual_valve}\n- {name: U, address: 1, parent: T}\n- {name: V, address: 2}\n"
    line, problems = read(tmp_path, "valves.yaml", text)
    told = "valves.yaml:2: error: valve U: parent T is a manual valve: a hand turns it, and U would not follow; delete the parent"
    assert problems == [told]
    assert [s.name for s in line.switches if s.faults] == ["U"]


def test_xml_faults_have_the_lines_of_their_elements(tmp_path):
    line, problems = read(
        tmp_path,
        "valves.xml",
        "<root>\n<valve>F\n<address>1</address>\n<interlock>Air Inner</interlock>\n<interlok>G</interlok>\n</valve>\n"
        "<vale>G<address>2</address><description>Air Inner</description></vale>\n"
        "<canvas/>\n"
        "<group>L<switch>H<address>3</address></switch></group>\n"
        "<valve>I<address>4</address><state_device>di_box<address>9</address></state_device></valve>\n</root>",
    )
    assert problems == [
        "valves.xml:4: error: valve F: interlock Air Inner is no switch of this file; "
        "it is the description of G: write G",
        "valves.xml:5: error: valve F: interlok is not a known key; did you mean interlock?",
        "valves.xml:7: error: vale G: vale is no kind of switch; did you mean valve?",
        "valves.xml:8: error: <canvas> is no kind of switch and is not read",
        "valves.xml:9: warning: <switch> stands inside <group>, where installed Pychron reads only <valve>; move it out",
        "valves.xml:10: warning: <address> inside <state_device> is not read by installed Pychron; "
        "write <state_address>9</state_address> beside it",
    ]
    assert out_of_service(line) == ["F", "G"]
    assert line is not None and line.by_name["I"].state_address == "9"


def test_a_missing_actuator_is_told_once_and_touches_all_its_switches(tmp_path):
    line, problems = read(
        tmp_path,
        "valves.yaml",
        "- {name: A, address: 1}\n- {name: B, address: 2}\n- {name: T, kind: manual_valve}\n",
        actuators={},
    )
    assert problems == [
        "valves.yaml:1: error: valve A (and 1 more): its actuator switch_controller is no device of this root; "
        "write devices/switch_controller.yaml and list it in initialization.xml"
    ]
    assert out_of_service(line) == ["A", "B"]


def test_a_broken_actuator_and_an_address_that_its_driver_refuses(tmp_path):
    facts = {
        "a": ActuatorFacts("a", fault="devices/a.yaml:3: no port"),
        "b": ActuatorFacts("b", validate=lambda x: "" if x.isdigit() else "write slot and channel, as 101"),
    }
    line, problems = read(
        tmp_path,
        "valves.yaml",
        "- {name: A, address: 1, actuator: a}\n- {name: B, address: x, actuator: b}\n",
        actuators=facts,
    )
    assert problems == [
        "valves.yaml:1: error: valve A: its actuator a cannot be used: devices/a.yaml:3: no port",
        "valves.yaml:2: error: valve B: address x is none of b: write slot and channel, as 101",
    ]
    assert out_of_service(line) == ["A", "B"]


def test_a_valve_controller_addresses_by_name(tmp_path):
    line, problems = read(tmp_path, "valves.yaml", "- {name: A}\n- {name: B}\n", default_actuator="pyvalve")
    assert problems == []
    assert line is not None and [s.actuator for s in line.switches] == ["pyvalve", "pyvalve"]


def test_a_permit_that_cannot_be_read(tmp_path):
    line, problems = read(tmp_path, "valves.yaml", "- {name: A, address: 1, permit: IG1 <}\n")
    assert problems == ["valves.yaml:1: error: A: '(IG1 <)': is no expression; write for example IG1 < 1e-5"]
    assert out_of_service(line) == ["A"]


def test_waivers_put_a_switch_back_into_service_by_name_fault_and_value(tmp_path):
    text = "- {name: F, address: 1, interlock: [X, Y]}\n- {name: G, address: 1}\n"
    line, problems = read(
        tmp_path,
        "valves.yaml",
        text,
        waive=["F:interlock=X", "F:interlock=Y", "F:double_address=1", "G:interlock", "nonsense"],
    )
    assert problems == [
        "valves.yaml:0: error: --waive 'nonsense' is not understood; write NAME:FAULT=VALUE, as F:interlock=X",
        "valves.yaml:0: warning: --waive G:interlock matches no fault of this file; leave it out",
        "valves.yaml:1: warning: waived for F: valve F: interlock X is no switch of this file",
        "valves.yaml:1: warning: waived for F: valve F: interlock Y is no switch of this file",
        "valves.yaml:2: error: valve G: address 1 of switch_controller is also that of F (line 1); write the right one",
        "valves.yaml:2: warning: waived for F: valve G: address 1 of switch_controller is also that of F (line 1); "
        "write the right one",
    ]
    assert out_of_service(line) == ["G"]


@pytest.mark.parametrize(
    ("name", "text", "golden"),
    [
        (
            "valves.yaml",
            "- {name: I, address: 1}\n- {name: O, address: 2}\n- {name: Air, kind: pipette, inner: I, outer: O}\n",
            "valves.yaml:3: warning: pipette Air: I and O are not interlocked, both open pour the tank into the line; "
            "add interlock: O to I (line 1) and interlock: I to O (line 2)",
        ),
        (
            "valves.xml",
            "<root>\n<valve>I<address>1</address></valve>\n<valve>O<address>2</address></valve>\n"
            "<pipette>Air<inner>I</inner><outer>O</outer></pipette>\n</root>",
            "valves.xml:4: warning: pipette Air: I and O are not interlocked, both open pour the tank into the line; "
            "add <interlock>O</interlock> to I (line 2) and <interlock>I</interlock> to O (line 3)",
        ),
    ],
)
def test_a_missing_interlock_of_a_pipette_is_proposed_ready_to_paste(tmp_path, name, text, golden):
    line, problems = read(tmp_path, name, text)
    assert problems == [golden]
    assert out_of_service(line) == []


@pytest.mark.parametrize(
    ("text", "touched"),
    [
        (
            "- {name: A, address: 1, positive_interlock: B, interlock: B}\n- {name: B, address: 2, interlock: A}\n",
            "AB",
        ),
        (
            "- {name: A, address: 1, positive_interlock: B}\n- {name: B, address: 2, positive_interlock: A}\n",
            "AB",
        ),
        (
            "- {name: A, address: 1, parent: {name: B, inverted: true}, positive_interlock: B}\n"
            "- {name: B, address: 2}\n- {name: C, address: 3}\n",
            "AB",
        ),
        (
            "- {name: A, address: 1, parent: {name: B, inverted: true}, interlock: B}\n- {name: B, address: 2, interlock: A}\n",
            "",
        ),
    ],
)
def test_contradictions(tmp_path, text, touched):
    line, problems = read(tmp_path, "valves.yaml", text)
    assert out_of_service(line) == list(touched)
    assert bool(problems) == bool(touched)


def test_files_that_hold_no_line(tmp_path):
    assert read(tmp_path, "valves.yaml", "")[1] == [
        "valves.yaml:0: warning: is empty: the line has no switch"
    ]
    line, problems = read(tmp_path, "valves.yaml", "valves: {A: 1}\n")
    assert line is None
    assert problems == [
        "valves.yaml:1: error: is no list of switches; write one `- {name: A, address: 101}` for each"
    ]


def test_a_thousand_switches_are_read_quickly_enough(tmp_path):
    text = "".join(f"- {{name: V{n}, address: {n}, interlock: V{n ^ 1}}}\n" for n in range(1000))
    line, problems = read(tmp_path, "valves.yaml", text)
    assert line is not None and len(line.switches) == 1000
    assert problems == []


@pytest.mark.skipif(not LAB.is_dir(), reason="the files of a real laboratory are not here")
def test_a_real_laboratory():
    report = Report(LAB)
    line = read_valves(LAB / "extractionline" / "valves.xml", report, actuators=ACTUATORS)
    assert line is not None
    assert [s.name for s in line.switches] == list("ABCDEFGHIJKLMNOPQRSTU")
    assert [(p.name, p.inner, p.outer) for p in line.pipettes] == [("Air", "G", "F"), ("Ar", "I", "H")]
    assert out_of_service(line) == []
    assert [p.place.line for p in report.problems] == [9, 21]
    assert {p.code for p in report.problems} == {"stray_text"}
