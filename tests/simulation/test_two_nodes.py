"""pyvalve and pyexperiment in one process on one virtual clock, assembled by the code that twistd uses.

A script opens valves while the link is cut, pyvalve is killed (its world dropped, its files kept) and comes back, its
instrument is late or silent, and clocks are set. 100 seeds, each twice with equal traces.
"""

from __future__ import annotations

import pytest

from pychron.simulation.virtual_trace import first_difference
from tests.simulation.two_node_scenario import Scenario, run


def test_a_script_opens_a_valve_across_two_nodes(tmp_path):
    s = Scenario("plain", tmp_path)
    assert s.lab.until(s.known, 20)
    ended = s.run_script()
    assert s.lab.until(lambda: bool(ended), 60)
    assert str(ended[0].result) == "completed", str(ended[0])
    assert [m[1:] for m in s.instrument.moves[:5]] == [
        ("101", True),
        ("101", False),
        ("102", True),
        ("103", True),
        ("102", False),
    ]
    assert len(s.instrument.moves) == 18
    s.close()


def test_a_lost_peer_is_unknown_and_comes_back(tmp_path):
    s = Scenario("lost", tmp_path)
    assert s.lab.until(s.known, 20)
    s.lab.cut("valve", "acquisition")
    assert s.lab.until(lambda: set(s.states().values()) == {"unknown"}, 15)
    s.lab.mend("valve", "acquisition")
    assert s.lab.until(s.known, 30)
    s.lab.kill(s.valve)
    assert s.lab.until(lambda: set(s.states().values()) == {"unknown"}, 1)
    s.start_valve()
    assert s.lab.until(s.known, 30)
    assert s.instrument.moves == []
    s.close()


@pytest.mark.parametrize("seed", range(100))
def test_whatever_happens_the_relays_are_safe_and_the_same_seed_gives_the_same_trace(seed, tmp_path):
    first, ended = run(seed, tmp_path / "first")
    assert first.instrument.violations == []
    assert ended, "the script never ended"
    assert first.known() and first.states() == first.truth(), (first.states(), first.truth())
    entries = list(first.lab.trace.entries)
    first.close()
    second, _ = run(seed, tmp_path / "second")
    again = list(second.lab.trace.entries)
    second.close()
    assert entries == again, first_difference(entries, again)
