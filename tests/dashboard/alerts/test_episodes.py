"""The life of an alert, step by step and by a machine that tries everything."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pychron.dashboard.alerts.episodes import Episode, Episodes, Forget, Keep, Kind, Phase, Send
from pychron.dashboard.alerts.specs import Policy
from pychron.dashboard.events import Level

POLICY = Policy(("mail", "phone"), delay_s=5.0, repeat_s=60.0, escalate_s=100.0, escalate_to=("boss",))
AT_ONCE = Policy(("mail",))


def told(key="T.x>30", wall=100.0, level=Level.CRITICAL, why="31 C"):
    return Episode(key, level, "T", why, "open a window", "dashboard.yaml:3", wall)


def sends(outputs):
    return [(one.kind, one.channels) for one in outputs if isinstance(one, Send)]


def machine(policy=POLICY):
    return Episodes(lambda level: policy)


def test_it_waits_its_delay_and_is_then_raised_once():
    found = machine()
    assert sends(found.tripped(told(), 0.0)) == []
    assert sends(found.tick(4.9, 104.9)) == []
    assert sends(found.tick(5.0, 105.0)) == [(Kind.RAISED, ("mail", "phone"))]
    assert sends(found.tick(6.0, 106.0)) == []
    assert sends(found.tripped(told(why="32 C"), 7.0)) == []
    assert found.get("T.x>30").why == "32 C"


def test_what_passes_within_the_delay_is_told_to_nobody():
    found = machine()
    found.tripped(told(), 0.0)
    out = found.cleared("T.x>30", 103.0)
    assert [type(one) for one in out] == [Forget]
    assert found.tick(100.0, 200.0) == []


def test_without_a_delay_it_is_raised_at_once_and_on_disk_first():
    out = machine(AT_ONCE).tripped(told(), 0.0)
    assert [type(one) for one in out] == [Keep, Keep, Send]


def test_it_repeats_and_escalates_until_somebody_has_it():
    found = machine()
    found.tripped(told(), 0.0)
    found.tick(5.0, 105.0)
    assert sends(found.tick(65.0, 165.0)) == [(Kind.REPEATED, ("mail", "phone"))]
    assert sends(found.tick(105.0, 205.0)) == [(Kind.ESCALATED, ("boss",))]
    assert sends(found.tick(125.0, 225.0)) == [(Kind.REPEATED, ("mail", "phone", "boss"))]
    found.acknowledged("T.x>30", "Ana", "on my way")
    assert sends(found.tick(1000.0, 1100.0)) == []
    assert found.get("T.x>30").phase is Phase.ACKNOWLEDGED


def test_the_all_clear_goes_once_to_everybody_who_heard_of_it():
    found = machine()
    found.tripped(told(), 0.0)
    found.tick(5.0, 105.0)
    found.tick(105.0, 205.0)
    assert sends(found.cleared("T.x>30", 300.0)) == [(Kind.CLEAR, ("mail", "phone", "boss"))]
    assert found.cleared("T.x>30", 301.0) == []


def test_it_stays_latched_until_it_is_acknowledged():
    found = machine(AT_ONCE)
    found.tripped(told(), 0.0)
    found.cleared("T.x>30", 101.0)
    assert found.get("T.x>30").phase is Phase.OVER
    assert [type(one) for one in found.acknowledged("T.x>30", "Ana")] == [Forget]
    assert found.all() == ()


def test_one_that_was_acknowledged_ends_with_its_all_clear():
    found = machine(AT_ONCE)
    found.tripped(told(), 0.0)
    found.acknowledged("T.x>30", "Ana")
    out = found.cleared("T.x>30", 101.0)
    assert [type(one) for one in out] == [Forget, Send]
    assert found.all() == ()


def test_one_that_trips_again_while_latched_is_raised_again_as_the_same_episode():
    found = machine(AT_ONCE)
    found.tripped(told(), 0.0)
    began = found.get("T.x>30").id
    found.cleared("T.x>30", 101.0)
    assert sends(found.tripped(told(wall=150.0), 50.0)) == [(Kind.RAISED, ("mail",))]
    assert found.get("T.x>30").id == began


def test_after_a_death_it_goes_on_where_it_was():
    found = machine()
    found.tripped(told(), 0.0)
    found.tick(5.0, 105.0)
    again = machine()
    again.restored(found.all(), 1000.0)
    assert sends(again.tripped(told(), 1000.5)) == []
    assert sends(again.tick(1059.0, 1.0)) == []
    assert sends(again.tick(1060.0, 1.0)) == [(Kind.REPEATED, ("mail", "phone"))]


class Life(RuleBasedStateMachine):
    """Whatever comes in whatever order: nobody hears an all clear before an alarm, or two; what is on disk is what there is."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.found = machine()
        self.disk = {}
        self.heard = {}

    def take(self, outputs):
        for output in outputs:
            match output:
                case Keep(episode):
                    self.disk[episode.key] = episode
                case Forget(episode):
                    del self.disk[episode.key]
                case Send(episode, kind, _):
                    alarmed = self.heard.setdefault(episode.key, False)
                    if kind is Kind.CLEAR:
                        assert alarmed, "an all clear without an alarm, or a second one"
                        self.heard[episode.key] = False
                    elif kind is Kind.RAISED:
                        assert not alarmed, "raised twice without an all clear between"
                        self.heard[episode.key] = True
                    else:
                        assert alarmed

    @rule(key=st.sampled_from("ab"), level=st.sampled_from(Level))
    def tripped(self, key, level):
        self.take(self.found.tripped(told(key, self.now, level), self.now))

    @rule(key=st.sampled_from("ab"))
    def cleared(self, key):
        self.take(self.found.cleared(key, self.now))

    @rule(key=st.sampled_from("ab"))
    def acknowledged(self, key):
        self.take(self.found.acknowledged(key, "Ana"))

    @rule(seconds=st.sampled_from([0.5, 5.0, 60.0, 100.0]))
    def later(self, seconds):
        self.now += seconds
        self.take(self.found.tick(self.now, self.now))

    @rule()
    def dies_and_comes_back(self):
        self.found = machine()
        self.found.restored(tuple(self.disk.values()), self.now)

    @invariant()
    def the_disk_knows_all(self):
        assert {one.key: one for one in self.found.all()} == self.disk


LifeTests = Life.TestCase
LifeTests.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
