"""Permits and supplies: no fresh value is no permission."""

from __future__ import annotations

from pathlib import Path

import pytest

from pychron.config.problems import Report
from pychron.extraction_line.machine.line_state import Hardware, Line
from pychron.extraction_line.permits import NoReadings, Permits, read_permits
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import State
from pychron.hardware.interfaces import Evidence
from tests.extraction_line.bench_of_relays import spec

SPEC = LineSpec(
    (
        spec("A", permit="IG1 < 1e-5"),
        spec("B", permit="IG1 < 1e-5 or IG2 < 1e-5"),
        spec("Air"),
        spec("P", supply="Air"),
        spec("Q", supply="PressureAir", supply_minimum="4.5 bar"),
        spec("R", supply="PressureAir", supply_minimum="4.5 bar", permit="IG1 < 1e-5"),
        spec("N"),
    )
)


class Gauges:
    def __init__(self, **values):
        self.values = values

    def fresh(self):
        return self.values


def permits(readings=None, line_spec=SPEC):
    report = Report(Path())
    expressions = read_permits(line_spec, report)
    hardware = Hardware(True, 1.0, Evidence.RELAY)
    line = Line.build(line_spec, {s.name: hardware for s in line_spec.switches})
    return Permits(line, expressions, readings or NoReadings()), line, report


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("N", {}, ""),
        ("A", {"IG1": 1e-6}, ""),
        ("A", {"IG1": 1e-4}, "does not hold now"),
        ("A", {}, "needs IG1, which has no fresh value"),
        ("A", {"IG1": float("nan")}, "needs IG1, which has no fresh value"),
        ("B", {"IG1": 1e-6}, "needs IG2, which has no fresh value"),
        ("B", {"IG1": 1e-6, "IG2": 1.0}, ""),
        ("Q", {"PressureAir": 4.5}, ""),
        ("Q", {"PressureAir": 4.4}, "does not hold now"),
        ("Q", {}, "needs PressureAir"),
        ("R", {"PressureAir": 5.0, "IG1": 1e-6}, ""),
        ("R", {"PressureAir": 5.0, "IG1": 1.0}, "does not hold now"),
        ("R", {"PressureAir": 1.0, "IG1": 1e-6}, "does not hold now"),
    ],
)
def test_what_the_gauges_say(name, values, why):
    found, _, report = permits(Gauges(**values))
    assert report.problems == []
    answer = found(name)
    assert why in answer if why else answer == ""


@pytest.mark.parametrize("state", list(State))
def test_a_supply_that_is_a_switch_must_be_confirmed_open(state):
    found, line, _ = permits()
    line.switches["Air"].state = state
    allowed = found("P") == ""
    assert allowed is (state is State.OPEN)


def test_a_supply_that_nobody_here_knows_is_no_permission():
    elsewhere = LineSpec((spec("P", supply="Air"),))
    found, _, _ = permits(Gauges(Air=9.0), elsewhere)
    assert "its supply Air" in found("P")


def test_a_permit_that_cannot_be_read_is_an_error_and_no_permission():
    broken = LineSpec((spec("A", permit="IG1 <"),))
    found, _, report = permits(Gauges(IG1=0.0), broken)
    assert [p.touches for p in report.errors] == [("A",)]
    assert "cannot be read" in found("A")


def test_gauges_may_come_later():
    found, _, _ = permits()
    assert "no fresh value" in found("A")
    found.readings = Gauges(IG1=1e-6)
    assert found("A") == ""
