"""Polls and broadcasts merged by (boot, seq); garbage from a peer is unknown or refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.extraction_line.events import AlarmCleared, AlarmRaised, OwnerChanged, PeerChanged, SwitchChanged
from pychron.extraction_line.remote.states import RemoteStates
from pychron.extraction_line.remote.views import BadReply, read_picture, read_switch
from pychron.extraction_line.states import Kind, State
from tests.extraction_line.fake_controllers import spec


def valve(name="A", state="closed", **more):
    return {"name": name, "kind": "valve", "state": state, "evidence": "relay", "age_s": 0.0, **more}


def picture(seq, boot="b1", *valves, **more):
    return read_picture({"node": "n", "boot": boot, "seq": seq, "valves": list(valves or [valve()]), **more})


def told(*pictures, own=()):
    states = RemoteStates("peer", {s.name: s for s in own})
    for one in pictures:
        states.snapshot(one, 0.0, 0.0)
    return states


def state(states, name="A", now=0.0):
    return str(states.view(name, now).state)


def test_a_poll_that_is_older_than_an_event_is_dropped() -> None:
    states = told(picture(4))
    assert states.event("b1", 5, "valve", valve(state="open"), 0.0)[1] is False
    states.snapshot(picture(4), 0.0, 1.0)
    assert state(states) == "open"
    states.snapshot(picture(6), 0.0, 1.0)
    assert state(states) == "closed"


def test_an_event_that_is_older_than_a_poll_is_dropped() -> None:
    states = told(picture(5))
    assert states.event("b1", 5, "valve", valve(state="open"), 0.0) == ([], False)
    assert state(states) == "closed"


def test_an_event_that_is_missing_asks_for_the_whole_line() -> None:
    states = told(picture(5))
    assert states.event("b1", 7, "valve", valve(state="open"), 0.0)[1] is True
    assert state(states) == "closed"
    assert states.beat("b1", 5, 1.0) is False
    assert states.beat("b1", 6, 1.0) is True


def test_what_comes_of_another_boot_is_asked_for_and_of_a_past_one_dropped() -> None:
    states = told(picture(5))
    assert states.event("b2", 6, "valve", valve(state="open"), 0.0) == ([], True)
    assert states.beat("b2", 1, 0.0) is True
    assert state(states) == "closed"
    states.snapshot(picture(1, "b2", valve(state="open")), 0.0, 0.0)
    assert state(states) == "open"
    assert states.event("b1", 9, "valve", valve(), 0.0) == ([], False)
    assert states.beat("b1", 9, 0.0) is False
    states.snapshot(picture(9), 0.0, 0.0)
    assert state(states) == "open"


def test_events_say_what_changed_and_whether_it_was_commanded() -> None:
    states = told(picture(1))
    (event,), _ = states.event("b1", 2, "valve", valve(state="open", commanded=True), 0.0)
    assert isinstance(event, SwitchChanged)
    assert (event.view.state, event.before, event.commanded) == (State.OPEN, "closed", True)
    (found,) = states.snapshot(picture(3), 0.0, 0.0)
    assert isinstance(found, SwitchChanged)
    assert not found.commanded


def test_owners_and_alarms_are_told() -> None:
    states = told(picture(1))
    payload = {"switches": ["A", "Z", 4], "owner": "10.0.0.5", "orphaned": True}
    assert states.event("b1", 2, "owner", payload, 0.0) == (
        [OwnerChanged(("A",), "10.0.0.5", True, "told by n")],
        False,
    )
    alarm = {"key": "k", "text": "look", "switches": ["A"], "raised": True}
    assert states.event("b1", 3, "alarm", alarm, 0.0)[0] == [AlarmRaised("peer:k", "n: look", ("A",))]
    assert (
        states.snapshot(picture(3, "b1", valve(owner="10.0.0.5", orphaned=True), alarms=["k"]), 0.0, 0.0)
        == []
    )
    gone = {"key": "k", "text": "gone", "raised": False}
    assert states.event("b1", 4, "alarm", gone, 0.0)[0] == [AlarmCleared("peer:k", "n: gone")]
    raised = states.snapshot(picture(5, alarms=["x"]), 0.0, 0.0)
    assert [type(e) for e in raised] == [AlarmRaised, OwnerChanged]


def test_an_alarm_that_a_poll_has_overtaken_is_told_all_the_same() -> None:
    states = told(picture(9))
    assert len(states.event("b1", 8, "alarm", {"key": "k", "text": "look"}, 0.0)[0]) == 1
    assert states.event("b1", 8, "alarm", {"key": "k", "text": "look"}, 0.0)[0] == []


def test_a_lost_peer_is_unknown_and_stale_and_said_once() -> None:
    states = told(picture(1))
    events = states.lose("gone", 5.0)
    assert [type(e) for e in events] == [PeerChanged, SwitchChanged]
    assert states.lose("gone", 6.0) == []
    view = states.view("A", 7.0)
    assert (view.state, view.stale, view.age_s) == (State.UNKNOWN, True, 7.0)
    assert not states.fresh(0.0, 100.0)
    assert states.event("b1", 2, "valve", valve(state="open"), 0.0) == ([], True)
    states.snapshot(picture(1), 8.0, 8.0)
    assert state(states, now=8.0) == "closed"
    assert states.fresh(10.0, 3.0)
    assert not states.fresh(12.0, 3.0)


def test_a_switch_that_the_peer_does_not_name_is_unknown() -> None:
    states = told(picture(1), own=[spec("A"), spec("Q", kind=Kind.SWITCH)])
    assert states.names() == ("A", "Q")
    assert state(states, "Q") == "unknown"
    assert states.view("Q", 0.0).kind is Kind.SWITCH


@pytest.mark.parametrize(
    "reply", [None, [], {}, {"valves": 3}, {"valves": [{}]}, {"valves": [{"name": 3}]}, "OK"]
)
def test_what_is_no_list_of_valves_is_refused(reply: object) -> None:
    with pytest.raises(BadReply):
        read_picture(reply)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
KEYS = [
    "kind", "state", "evidence", "read_at", "age_s", "lock", "owner", "orphaned", "in_service", "enabled",
    "under_way", "faults", "settling_s", "interlocks", "positive_interlocks", "parent", "description",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_whatever_a_valve_says_is_read_or_unknown(entry: dict) -> None:
    switch = read_switch({**entry, "name": "A"})
    if entry.get("state") not in ("open", "closed", "moving"):
        assert switch.view.state is State.UNKNOWN
    assert math.isfinite(switch.ties.settling_s)
    assert switch.view.age_s is None or switch.view.age_s >= 0


ORDERS = st.permutations([("poll", n) for n in range(1, 6)] + [("event", n) for n in range(1, 6)])


@given(ORDERS)
def test_in_whatever_order_they_come_the_newest_wins(order: list[tuple[str, int]]) -> None:
    """Event n makes it open where n is odd; the poll of number n tells the same."""
    states = told(picture(0))
    newest = 0
    for kind, seq in order:
        word = "open" if seq % 2 else "closed"
        if kind == "poll":
            states.snapshot(picture(seq, "b1", valve(state=word)), 0.0, 0.0)
            newest = max(newest, seq)
        else:
            _, behind = states.event("b1", seq, "valve", valve(state=word), 0.0)
            newest = seq if seq == newest + 1 else newest
            assert behind == (seq > newest)
        assert states.seq == newest
        assert state(states) == ("open" if newest % 2 else "closed")
