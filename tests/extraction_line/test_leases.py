"""Claims as a table of what happens: granted, waited for, renewed, lost, returned, released."""

from pychron.extraction_line.claims.leases import Claim, Leases, Waiting
from pychron.extraction_line.errors import NotOwner
from pychron.extraction_line.states import Action, State
from pychron.trust.rights import Peer, Right
from tests.extraction_line.bench_of_relays import build_line, spec

OURS, THEIRS = Peer("10.0.0.5", right=Right.OPERATE), Peer("10.0.0.6", right=Right.OPERATE)


def line():
    made = build_line(spec("A"), spec("B"), spec("C"))
    for switch in made:
        switch.state, switch.starting = State.CLOSED, False
    return made


def wish(request, session="ours", address="10.0.0.5", switches=("A",), until=0.0, require=(), lease=30.0):
    return Waiting(request, session, address, switches, lease, require, until)


def test_a_claim_keeps_others_from_opening_and_its_token_counts_up():
    leases = Leases(line())
    mine = leases.ask(wish(1), 0.0).claim
    assert mine.token == 1
    assert leases.access("A", Action.OPEN, OURS, "ours", 1, 1.0) is None
    assert isinstance(leases.access("A", Action.OPEN, THEIRS, "theirs", None, 1.0), NotOwner)
    assert isinstance(leases.access("A", Action.CLOSE, THEIRS, "theirs", None, 1.0), NotOwner)
    node = Peer("unix", right=Right.ADMINISTER)
    assert leases.access("A", Action.CLOSE, node, "x", None, 1.0) is None
    leases.release("ours")
    assert leases.ask(wish(2, "theirs", "10.0.0.6"), 2.0).claim.token == 2


def test_an_older_token_is_refused():
    leases = Leases(line())
    leases.ask(wish(1), 0.0)
    leases.ask(wish(2, switches=("B",)), 1.0)
    assert leases.claims["ours"].switches == ("A", "B")
    assert "older" in leases.access("A", Action.OPEN, OURS, "ours", 1, 1.0).why


def test_a_lost_lease_does_not_free():
    leases = Leases(line())
    leases.ask(wish(1, lease=10), 0.0)
    assert leases.tick(9.9) == ([], [])
    lost, _ = leases.tick(10.1)
    assert [c.session for c in lost] == ["ours"]
    assert leases.tick(10.2) == ([], [])
    assert leases.access("A", Action.CLOSE, THEIRS, "theirs", None, 11.0) is None
    assert isinstance(leases.access("A", Action.OPEN, THEIRS, "theirs", None, 11.0), NotOwner)
    assert isinstance(leases.access("A", Action.OPEN, OURS, "ours", 1, 11.0), NotOwner)
    assert leases.ask(wish(2, "theirs", "10.0.0.6"), 11.0).claim is None
    assert leases.ask(wish(3), 12.0).claim.orphaned is False
    assert leases.access("A", Action.OPEN, OURS, "ours", 1, 12.0) is None


def test_the_lease_is_over_though_nobody_has_looked_yet():
    leases = Leases(line())
    leases.ask(wish(1, lease=10), 0.0)
    assert isinstance(leases.access("A", Action.OPEN, OURS, "ours", 1, 10.5), NotOwner)


def test_the_queue_is_fair():
    leases = Leases(line())
    leases.ask(wish(1), 0.0)
    assert leases.ask(wish(2, "second", "2", ("A", "B"), until=50), 0.0) is None
    assert leases.ask(wish(3, "third", "3", ("B",), until=50), 0.0) is None
    leases.release("ours")
    granted = leases.next_in_line(1.0)
    assert [(g.request, g.claim.session) for g in granted] == [(2, "second")]
    leases.release("second")
    assert [g.request for g in leases.next_in_line(2.0)] == [3]


def test_waiting_ends():
    leases = Leases(line())
    leases.ask(wish(1, lease=300), 0.0)
    assert leases.ask(wish(2, "second", "2", until=5.0), 0.0) is None
    assert leases.next_wake() == 5.0
    _, answers = leases.tick(5.0)
    assert answers[0].claim is None and "claimed by 10.0.0.5" in answers[0].why


def test_a_required_state_is_held_until_the_claim_ends():
    made = line()
    leases = Leases(made)
    made.switches["B"].state = State.OPEN
    assert "must be confirmed closed" in leases.ask(wish(1, require=(("B", "closed"),)), 0.0).why
    made.switches["B"].state = State.CLOSED
    assert leases.ask(wish(2, require=(("B", "closed"),)), 0.0).claim is not None
    assert made.holds == {"B": (State.CLOSED, "10.0.0.5")}
    leases.tick(1000.0)
    assert made.holds, "a lost lease frees nothing"
    leases.release("ours")
    assert made.holds == {}


def test_a_restart_starts_leases_anew_and_frees_none():
    leases = Leases(line())
    leases.restore([Claim("ours", "10.0.0.5", ("A",), 7, 30.0, -500.0)], 9, 100.0)
    assert leases.tick(129.0) == ([], [])
    assert leases.ask(wish(1, "theirs", "10.0.0.6", ("B",)), 100.0).claim.token == 10


def test_an_installed_client_renews_by_any_request():
    leases = Leases(line())
    leases.ask(wish(1, session="10.0.0.5", lease=10), 0.0)
    leases.heard("10.0.0.5", 8.0)
    assert leases.tick(15.0) == ([], [])
    leases.heard("10.0.0.6", 15.0)
    assert len(leases.tick(18.5)[0]) == 1


def test_unknown_switches_are_named():
    assert "Z: no such switch" in Leases(line()).ask(wish(1, switches=("Z",)), 0.0).why
