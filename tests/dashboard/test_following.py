"""What a client knows of a server: live, stale, lost; installed servers and ours."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.dashboard.events import Level, ValueState
from pychron.dashboard.following import LOST_S, MOST_FLAGS, MOST_VALUES, STALE_S, Followed
from pychron.dashboard.wire import Configured

TAG = "<Env,temperature>"
UPDATE = {"kind": "value_update", "tag": TAG, "value": 12.5, "ts": 99.0}
VIEW = {
    "name": "Env.temperature",
    "device": "Env",
    "value_name": "temperature",
    "tag": TAG,
    "units": "C",
    "value": 31.0,
    "time": 99.0,
    "age_s": 1.5,
    "state": "live",
    "why": "",
    "level": "critical",
    "period_s": 10.0,
}
CONDITION = {
    "condition": "Env.temperature.x>30",
    "level": "critical",
    "tripped": True,
    "why": "x>30 holds at 31",
}


@pytest.fixture
def followed() -> Followed:
    known = Followed("valves.lab:8100", begun=0.0)
    known.configure([Configured("Env", "temperature", TAG, "C", 10.0)])
    return known


def test_a_value_is_waited_for_heard_stale_and_lost(followed: Followed) -> None:
    (view,) = followed.views(1.0)
    assert (followed.state(1.0), view.value) == (ValueState.WAITING, None)
    followed.frame(UPDATE, 2.0)
    (view,) = followed.views(5.0)
    assert (view.state, view.value, view.time, view.age_s) == (ValueState.LIVE, 12.5, 99.0, 3.0)
    (view,) = followed.views(2.1 + STALE_S)
    assert (view.state, view.value) == (ValueState.STALE, 12.5)
    assert "valves.lab:8100 has been silent for 6 s" in view.why
    (view,) = followed.views(2.1 + LOST_S)
    assert view.state is ValueState.LOST
    followed.frame({"kind": "heartbeat"}, 60.0)
    assert followed.views(61.0)[0].state is ValueState.LIVE


def test_a_server_that_never_speaks_is_lost(followed: Followed) -> None:
    assert followed.state(LOST_S) is ValueState.WAITING
    assert followed.state(LOST_S + 1) is ValueState.LOST
    assert "has not been heard yet" in followed.error(1.0)


def test_a_timeout_and_its_end(followed: Followed) -> None:
    followed.frame(UPDATE, 1.0)
    followed.frame({"kind": "timeout", "tag": TAG}, 2.0)
    assert followed.views(2.0)[0].state is ValueState.ERROR
    assert followed.error(2.0) == ""
    followed.frame(UPDATE, 3.0)
    assert followed.views(3.0)[0].state is ValueState.LIVE


def test_what_an_installed_server_calls_critical_stays_until_somebody_has_seen_it(followed: Followed) -> None:
    followed.frame({"kind": "critical", "message": "Env.temperature.x>40 is True. value=41"}, 1.0)
    followed.frame(UPDATE, 2.0)
    assert followed.error(2.0) == "Env.temperature.x>40 is True. value=41"
    followed.clear()
    assert followed.error(2.0) == ""


def test_a_warning_holds_no_queue(followed: Followed) -> None:
    followed.frame({"kind": "warning", "message": "warm"}, 1.0)
    assert followed.error(1.0) == ""


def test_one_of_ours_says_when_it_is_over(followed: Followed) -> None:
    followed.snapshot({"dashboard": {"values": [VIEW], "conditions": [CONDITION]}}, 10.0)
    (view,) = followed.views(10.0)
    assert (view.value, view.age_s, view.level, view.state) == (31.0, 1.5, Level.CRITICAL, ValueState.LIVE)
    assert followed.error(10.0) == "Env.temperature.x>30: x>30 holds at 31"
    # The twin of an installed client says nothing more.
    followed.frame({"kind": "critical", "message": "again"}, 10.0)
    followed.message("condition", {**CONDITION, "tripped": False}, 11.0)
    assert followed.error(11.0) == ""


def test_a_snapshot_replaces_what_was_known(followed: Followed) -> None:
    followed.snapshot({"dashboard": {"values": [VIEW], "conditions": [CONDITION]}}, 10.0)
    followed.lost()
    followed.frame({"kind": "critical", "message": "an installed one now"}, 11.0)
    assert followed.error(11.0)
    followed.snapshot({"dashboard": {"values": [VIEW], "conditions": []}}, 12.0)
    assert followed.error(12.0) == ""


def test_a_value_that_no_configuration_had_is_shown(followed: Followed) -> None:
    new = {**VIEW, "tag": "<Env,humidity>", "value_name": "humidity", "state": "error", "why": "no answer"}
    followed.message("value", new, 3.0)
    view = followed.views(3.0)[1]
    assert (view.name, view.state, view.why) == ("Env.humidity", ValueState.ERROR, "no answer")


def test_a_new_configuration_keeps_what_is_known(followed: Followed) -> None:
    followed.frame(UPDATE, 1.0)
    followed.configure([Configured("Env", "temperature", TAG, "K", 5.0)])
    (view,) = followed.views(1.0)
    assert (view.value, view.units) == (12.5, "K")


def test_a_server_gone_mad_fills_no_memory(followed: Followed) -> None:
    for n in range(MOST_VALUES + 50):
        followed.message("value", {**VIEW, "tag": f"<E,{n}>"}, 1.0)
        followed.message("condition", {**CONDITION, "condition": f"c{n}"}, 1.0)
    followed.lost()
    for n in range(MOST_FLAGS + 50):
        followed.frame({"kind": "critical", "message": f"m{n}"}, 1.0)
    assert (len(followed.values), len(followed.critical)) == (MOST_VALUES, MOST_VALUES)
    assert len(followed.flags) == MOST_FLAGS
    followed.configure(Configured("E", str(n), f"<F,{n}>", "", None) for n in range(MOST_VALUES + 50))
    assert len(followed.values) == MOST_VALUES


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=5), st.just(TAG)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*VIEW, *CONDITION, "kind", "message", "dashboard", "values", "conditions"]),
            inner,
        ),
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from([*VIEW, "kind", "message"]), _JSON), _JSON)
def test_nothing_that_comes_raises(told: dict[str, object], state: object) -> None:
    known = Followed("x:1", 0.0)
    known.configure([Configured("Env", "temperature", TAG, "C", None)])
    for kind in ("value_update", "timeout", "critical", "error", "heartbeat", told.get("kind")):
        known.frame({**told, "kind": kind}, 1.0)
    known.message("value", told, 1.0)
    known.message("condition", told, 1.0)
    known.snapshot({"dashboard": state}, 1.0)
    known.snapshot({"dashboard": {"values": state, "conditions": state}}, 1.0)
    for view in known.views(2.0):
        json.dumps(view.value, allow_nan=False)
    known.error(2.0)
