"""park.yaml: triggers with their defaults, steps, and what is refused before it can ever run."""

from __future__ import annotations

from pathlib import Path

import pytest

from pychron.config.problems import Place, Report
from pychron.extraction_line.parking.park_file import (
    DEFAULTS,
    CloseStep,
    Do,
    MessageStep,
    OpenStep,
    ParkSpec,
    RaiseFunnelStep,
    Trigger,
    WaitStep,
    driven_elsewhere,
    read_park,
)
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import Kind

AT = Place("valves.yaml", 1)
LINE = LineSpec(
    (
        SwitchSpec("A", Kind.VALVE, AT),
        SwitchSpec("B", Kind.VALVE, AT),
        SwitchSpec("C", Kind.VALVE, AT, parent="B", parent_inverted=True),
        SwitchSpec("D", Kind.VALVE, AT, faults=("valves.yaml:9: it is faulty",)),
        SwitchSpec("P", Kind.SWITCH, AT, cooling=True),
        SwitchSpec("M", Kind.SWITCH, AT),
        SwitchSpec("W", Kind.SWITCH, AT, parent="M", cooling=True),
        SwitchSpec("T", Kind.MANUAL_VALVE, AT),
    )
)


def read(folder: Path, text: str) -> tuple[ParkSpec, list[str]]:
    (folder / "park.yaml").write_text(text)
    report = Report(folder)
    return read_park(folder / "park.yaml", LINE, report), [str(p) for p in report.sorted()]


def test_without_a_file_nothing_moves(tmp_path):
    report = Report(tmp_path)
    assert read_park(tmp_path / "park.yaml", LINE, report) == ParkSpec()
    assert report.problems == []
    assert {key: trigger.do for key, trigger in DEFAULTS.items()} == {
        "on_owner_lost": Do.HOLD,
        "on_orphaned_for": Do.ALARM,
        "on_node_stop": Do.HOLD,
        "on_air_lost": Do.ALARM,
        "on_battery": Do.ALARM,
    }


def test_a_sequence_at_an_event_that_never_comes_is_told(tmp_path):
    park, problems = read(tmp_path, "on_battery: sequence\nsequence:\n  - message: parked\n")
    (told,) = problems
    assert told.startswith("park.yaml:1: warning: on_battery never comes")
    assert park.sound


def test_triggers_and_steps(tmp_path):
    park, problems = read(
        tmp_path,
        "on_owner_lost: {do: sequence, after: 30}\non_battery: hold\non_orphaned_for: {after: 5}\n"
        "sequence:\n  - close: [A, B]\n    # C opens with B: see below\n  - wait: 2.5\n  - open: A\n    when: IG1 < 1e-3\n"
        "  - message: parked\n  - raise_funnel: true\n".replace("[A, B]", "A"),
    )
    assert problems == []
    assert park.sound
    assert park.triggers == {
        **DEFAULTS,
        "on_owner_lost": Trigger(Do.SEQUENCE, 30.0),
        "on_battery": Trigger(Do.HOLD, 0.0),
        "on_orphaned_for": Trigger(Do.ALARM, 5.0),
    }
    assert park.steps == (
        CloseStep(("A",), Place("park.yaml", 5)),
        WaitStep(2.5, Place("park.yaml", 7)),
        OpenStep("A", "IG1 < 1e-3", Place("park.yaml", 8)),
        MessageStep("parked", Place("park.yaml", 10)),
        RaiseFunnelStep(Place("park.yaml", 11)),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "sequence:\n- open: A\n",
            "park.yaml:2: error: open A without a condition that must hold is refused; "
            "write when: and what must be measured, as in `when: IG1 < 1e-3`",
        ),
        (
            "sequence:\n- {open: A, when: true}\n",
            "park.yaml:2: error: open A without a condition that must hold is refused; "
            "write when: and what must be measured, as in `when: IG1 < 1e-3`",
        ),
        (
            "sequence:\n- open: A\n  when: IG1 <\n",
            "park.yaml:3: error: when: 'IG1 <': is no expression; write for example IG1 < 1e-5",
        ),
        (
            "sequence:\n- {open: A, when: 1 < 2e5 and not False}\n",
            "park.yaml:2: error: open A without a condition that must hold is refused; "
            "write when: and what must be measured, as in `when: IG1 < 1e-3`",
        ),
        ("sequence:\n- close: P\n", "park.yaml:2: error: close P turns off P, which cools; delete the step"),
        (
            "sequence:\n- close: [A,\n   M]\n",
            "park.yaml:3: error: close M turns off W (with its parent M), which cools; delete the step",
        ),
        (
            "sequence:\n- close: B\n",
            "park.yaml:2: error: close B opens C (with its parent B) unconditionally; close what you mean by name",
        ),
        ("sequence:\n- close: AA\n", "park.yaml:2: error: close AA: no such switch; did you mean A?"),
        (
            "sequence:\n- {open: D, when: IG1 < 1}\n",
            "park.yaml:2: error: open D: it is out of service (valves.yaml:9: it is faulty)",
        ),
        (
            "sequence:\n- close: T\n",
            "park.yaml:2: error: close T: a manual valve is turned by hand; write a message instead",
        ),
        (
            "sequence:\n- wait: -1\n",
            "park.yaml:2: error: wait: -1 is out of range; write a number at least 0 and at most 86400",
        ),
        ("sequence:\n- close:\n", "park.yaml:2: error: close says nothing; write the names"),
        ("sequence:\n- clos: A\n", "park.yaml:2: error: clos is no step; did you mean close?"),
        (
            "sequence:\n- {close: A, wait: 1}\n",
            "park.yaml:2: error: is not one step; write exactly one of close, open, wait, message, raise_funnel in each",
        ),
        (
            "sequence: close A\n",
            "park.yaml:1: error: sequence is no list; write one `- close: [A]` for each step",
        ),
        (
            "on_owner_lots: hold\n",
            "park.yaml:1: error: on_owner_lots is not known; did you mean on_owner_lost?",
        ),
        (
            "on_node_stop: close\n",
            "park.yaml:1: error: on_node_stop: do: 'close' is not known; write alarm, hold or sequence",
        ),
        (
            "on_node_stop: sequence\n",
            "park.yaml:1: error: on_node_stop runs the sequence, and there is none; write sequence:",
        ),
        (
            "on_node_stop: {do: hold, aftr: 3}\n",
            "park.yaml:1: error: on_node_stop: aftr is not a known key; did you mean after?",
        ),
        (
            "on_node_stop: {do: sequence, after: 600}\nsequence:\n- close: A\n",
            "park.yaml:1: error: on_node_stop: after 600 s comes too late, a stop waits no longer than 120 s; write less",
        ),
        (
            "- close: A\n",
            "park.yaml:1: error: is no table; write on_owner_lost:, on_node_stop: ... and sequence:",
        ),
    ],
)
def test_what_is_refused(tmp_path, text, problem):
    park, problems = read(tmp_path, text)
    assert problems == [problem]
    assert not park.sound


def test_what_another_node_drives_is_told_with_its_line(tmp_path):
    park, _ = read(tmp_path, "sequence:\n- close: [A, B]\n- {open: C, when: IG1 < 1}\n- wait: 1\n")
    assert list(driven_elsewhere(park, {"A": "", "B": "", "C": ""})) == []
    found = list(driven_elsewhere(park, {"A": "", "B": "pyvalve", "C": "pyvalve"}))
    assert [(place.line, text.partition(",")[0]) for place, text in found] == [
        (2, "B is driven by pyvalve"),
        (3, "C is driven by pyvalve"),
    ]
