"""Actuation counts and pipette shots."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pychron.config.problems import Place
from pychron.extraction_line.keeping.counts import Counts, Shots, Turned
from pychron.extraction_line.specs import LineSpec, PipetteSpec
from pychron.extraction_line.states import Action
from tests.extraction_line.bench_of_relays import spec

OPEN, CLOSE = Action.OPEN, Action.CLOSE
AT = Place("valves.yaml", 1)
LINE = LineSpec(
    (spec("I"), spec("O"), spec("X", track=False)),
    (PipetteSpec("Air", "I", "O", AT), PipetteSpec("Cocktail", "O", "X", AT)),
)


def counts(turned=None, shots=None):
    return Counts(LINE, turned or {}, shots or {})


def test_each_turn_counts_and_only_what_changed_is_returned():
    found = counts()
    first, _ = found.turned([("I", OPEN)], 0.0)
    assert {n: t.count for n, t in first.items()} == {"I": 1}
    second, _ = found.turned([("I", CLOSE), ("O", OPEN)], 60.0)
    assert {n: t.count for n, t in second.items()} == {"I": 2, "O": 1}
    assert second["I"].start == first["I"].start
    assert second["I"].timestamp > first["I"].timestamp


def test_a_switch_that_is_not_tracked_is_not_counted_and_gives_shots_all_the_same():
    found = counts(shots={"Cocktail": Shots(7, "then", armed=True)})
    turned, shots = found.turned([("X", OPEN)], 0.0)
    assert turned == {}
    assert (shots["Cocktail"].counts, shots["Cocktail"].armed) == (8, False)


def test_a_count_goes_on_where_it_was():
    found = counts({"I": Turned("2020-01-01T00:00:00", 41, "2020-01-02T00:00:00")})
    turned, _ = found.turned([("I", OPEN)], 0.0)
    assert (turned["I"].start, turned["I"].count) == ("2020-01-01T00:00:00", 42)


def test_a_shot_is_an_inner_then_an_outer():
    found = counts()
    for moved, counted, armed in (
        (("O", OPEN), 0, False),
        (("I", OPEN), 0, True),
        (("I", CLOSE), 0, True),
        (("I", OPEN), 0, True),
        (("O", OPEN), 1, False),
        (("O", CLOSE), 1, False),
        (("O", OPEN), 1, False),
    ):
        found.turned([moved], 0.0)
        assert (found.pipettes["Air"].counts, found.pipettes["Air"].armed) == (counted, armed), moved
    assert len(found.pipettes["Air"].last_shot) == len("2026-01-01 00:00:00")


def test_pipettes_are_found_in_any_case():
    assert counts(shots={"Air": Shots(3)}).pipette(" air ").counts == 3
    assert counts().pipette("Argon") is None


def test_shots_of_a_pipette_that_left_the_file_are_not_shown():
    assert list(counts(shots={"Old": Shots(3)}).pipettes) == ["Air", "Cocktail"]


@given(st.lists(st.tuples(st.sampled_from("IO"), st.sampled_from(list(Action))), max_size=40))
def test_shots_never_exceed_the_openings_of_either_valve(moves):
    found = counts()
    for move in moves:
        found.turned([move], 0.0)
    opened = [n for n, a in moves if a is OPEN]
    assert found.pipettes["Air"].counts <= min(opened.count("I"), opened.count("O"))
