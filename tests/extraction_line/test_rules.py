"""Each rule of opening and closing by a table: what stands, what is asked, what is said against it."""

import pytest

from pychron.extraction_line import errors
from pychron.extraction_line.fault_table import CODES, fault
from pychron.extraction_line.machine import rules
from pychron.extraction_line.machine.plans import expand
from pychron.extraction_line.machine.rules import Grounds
from pychron.extraction_line.states import Action, Kind, Lock, State
from pychron.hardware.interfaces import Evidence
from pychron.rpc.faults import TEXTS
from tests.extraction_line.bench_of_relays import build_line, spec

OPEN, CLOSE = Action.OPEN, Action.CLOSE


def blocked(line, name, action, permit=lambda switch: "", access=lambda name, action: None, before=None):
    found = rules.blockers(line, name, action, Grounds(access, permit), before or {})
    return [type(b).__name__ for b in found]


def known(line, **states):
    for switch in line:
        switch.state, switch.evidence, switch.starting = State.CLOSED, Evidence.RELAY, False
    for name, state in states.items():
        line.switches[name].state = state
    return line


@pytest.mark.parametrize("state", [State.OPEN, State.UNKNOWN, State.MOVING])
@pytest.mark.parametrize(("asked", "partner"), [("A", "B"), ("B", "A")])
def test_an_interlock_counts_both_ways_and_never_against_closing(state, asked, partner):
    line = known(build_line(spec("A", interlocks=("B",)), spec("B")), **{partner: state})
    assert blocked(line, asked, OPEN) == ["Interlocked"]
    assert blocked(line, asked, CLOSE) == []


def test_a_partner_that_is_being_opened():
    line = known(build_line(spec("A", interlocks=("B",)), spec("B")))
    line.switches["B"].reserved, line.switches["B"].reserved_for = "other", OPEN
    assert blocked(line, "A", OPEN) == ["Interlocked"]


def test_weak_evidence_counts_as_unknown_where_the_file_demands_more():
    line = known(build_line(spec("A", interlocks=("B",)), spec("B", evidence_required=Evidence.INDICATOR)))
    assert blocked(line, "A", OPEN) == ["Interlocked"]
    line.switches["B"].evidence = Evidence.INDICATOR
    assert blocked(line, "A", OPEN) == []


@pytest.mark.parametrize(
    ("state", "says"), [(State.OPEN, []), (State.CLOSED, ["Interlocked"]), (State.UNKNOWN, ["Interlocked"])]
)
def test_positive_interlocks(state, says):
    line = known(build_line(spec("A", positive_interlocks=("B",)), spec("B")), B=state)
    assert blocked(line, "A", OPEN) == says


@pytest.mark.parametrize(
    ("state", "says"), [(State.CLOSED, []), (State.OPEN, ["Held"]), (State.UNKNOWN, ["Held"])]
)
def test_what_depends_on_it_must_be_closed_first(state, says):
    line = known(
        build_line(spec("A", positive_interlocks=("B",)), spec("B"), spec("C", supply="B")),
        B=State.OPEN,
        A=state,
    )
    assert blocked(line, "B", CLOSE) == says
    assert blocked(line, "B", CLOSE, before={"A": CLOSE}) == []


def test_a_gate_never_closes_on_a_funnel_that_is_not_confirmed_up():
    line = known(build_line(spec("Gate", close_requires=("Funnel",)), spec("Funnel", kind=Kind.SWITCH)))
    assert blocked(line, "Gate", CLOSE) == ["Held"]
    line.switches["Funnel"].state = State.OPEN
    assert blocked(line, "Gate", CLOSE) == []


@pytest.mark.parametrize("more", [{"faults": ("valves.xml:3: dangling",)}, {"enabled": False}])
def test_out_of_service_may_be_closed_never_opened(more):
    line = known(build_line(spec("A", **more)))
    assert blocked(line, "A", OPEN) and not blocked(line, "A", CLOSE)


@pytest.mark.parametrize("safe", [None, "on", "off"])
def test_a_faulty_plain_switch_may_be_closed_never_opened_whatever_makes_it_safe(safe):
    faulty = spec("S", kind=Kind.SWITCH, faults=("valves.xml:3: doubled address",), safe=safe)
    line = known(build_line(faulty))
    assert blocked(line, "S", OPEN) == ["OutOfService"] and not blocked(line, "S", CLOSE)


def test_permits_and_trips_never_hinder_a_valve_closing():
    line = known(build_line(spec("A"), spec("S", kind=Kind.SWITCH), spec("W", kind=Kind.SWITCH, safe="on")))
    no = lambda switch: "IG1 has no fresh value"  # noqa: E731
    line.switches["A"].disabled = "pressure trip"
    assert blocked(line, "A", OPEN, no) == ["Disabled", "NotPermitted"]
    assert blocked(line, "A", CLOSE, no) == []
    assert blocked(line, "S", OPEN, no) == blocked(line, "S", CLOSE, no) == ["NotPermitted"]
    assert blocked(line, "W", OPEN, no) == []


def test_a_lock_stands_against_both_directions():
    line = known(build_line(spec("A")))
    line.switches["A"].lock = Lock("maria", "leak test", 0.0)
    assert blocked(line, "A", OPEN) == blocked(line, "A", CLOSE) == ["Locked"]


def test_a_held_switch():
    line = known(build_line(spec("A")))
    line.holds["A"] = (State.CLOSED, "10.0.0.9")
    assert blocked(line, "A", OPEN) == ["Interlocked"]
    line.holds["A"] = (State.OPEN, "10.0.0.9")
    assert blocked(line, "A", CLOSE) == ["Held"]


def test_plans_close_first_dependants_before_what_they_depend_on():
    line = build_line(
        spec("P"),
        spec("K", parent="P", positive_interlocks=("P",)),
        spec("N", parent="P", parent_inverted=True),
        spec("G", parent="K"),
    )
    assert expand(line, "P", CLOSE) == (("K", CLOSE), ("P", CLOSE), ("G", CLOSE), ("N", OPEN))
    assert expand(line, "P", OPEN) == (("N", CLOSE), ("P", OPEN), ("K", OPEN), ("G", OPEN))


def test_a_circle_of_parents_ends():
    line = build_line(spec("A", parent="B"), spec("B", parent="A"))
    assert expand(line, "A", OPEN) == (("A", OPEN), ("B", OPEN))


def test_every_error_has_a_wire_number():
    kinds = [
        k
        for k in vars(errors).values()
        if isinstance(k, type) and issubclass(k, errors.LineError) and k is not errors.LineError
    ]
    assert sorted(k.__name__ for k in kinds) == sorted(k.__name__ for k in CODES)
    for kind in kinds:
        made = fault(kind("A", "because"), OPEN, "10.0.0.5", "10.0.0.6")
        assert made.code in TEXTS and "because" in made.text
        assert made.data["kind"] == kind.__name__
