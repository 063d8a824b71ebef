"""The subscriber's rule machine: never back, never silently behind."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pychron.broadcast.frames import HEARTBEAT, BadFrame, Message, Snapshot
from pychron.broadcast.sequence import LOST_S, Apply, AskSnapshot, Follower, Lost, Output, Reset


def event(seq: int, boot: str = "a", kind: str = "switch") -> Message:
    return Message("valve", boot, seq, 0.0, kind, {"n": seq})


def beat(seq: int, boot: str = "a") -> Message:
    return event(seq, boot, HEARTBEAT)


def snapshot(seq: int, boot: str = "a") -> Snapshot:
    return Snapshot("valve", boot, seq, 0.0, {"n": seq})


def applied(outputs: list[Output]) -> list[object]:
    return [o.message.seq if isinstance(o, Apply) else type(o).__name__ for o in outputs]


def following(seq: int = 5) -> Follower:
    follower = Follower(0.0)
    assert applied(follower.start(0.0)) == ["AskSnapshot"]
    assert applied(follower.answered(snapshot(seq), 0.1)) == ["Reset"]
    return follower


def test_events_that_came_before_the_snapshot_are_applied_after_it() -> None:
    follower = Follower(0.0)
    follower.start(0.0)
    for seq in (4, 5, 6, 7):
        assert follower.heard(event(seq), 0.1) == []
    assert applied(follower.answered(snapshot(5), 0.2)) == ["Reset", 6, 7]
    assert follower.synchronous
    assert applied(follower.heard(event(8), 0.3)) == [8]


def test_older_and_doubled_ones_are_dropped() -> None:
    follower = following()
    assert applied(follower.heard(event(6), 1.0)) == [6]
    assert follower.heard(event(6), 1.0) + follower.heard(event(2), 1.0) + follower.heard(beat(5), 1.0) == []
    assert follower.late == 2


def test_a_gap_asks_and_holds_what_follows() -> None:
    follower = following()
    assert applied(follower.heard(event(8), 1.0)) == ["AskSnapshot"]
    assert follower.heard(event(9), 1.0) == []
    assert not follower.synchronous
    assert applied(follower.answered(snapshot(8), 1.1)) == ["Reset", 9]
    assert follower.missed == 2


def test_a_lost_last_event_is_a_gap_that_the_heartbeat_tells() -> None:
    follower = following()
    assert follower.heard(beat(5), 1.0) == []
    assert applied(follower.heard(beat(6), 3.0)) == ["AskSnapshot"]
    assert applied(follower.answered(snapshot(6), 3.1)) == ["Reset"]
    assert follower.synchronous


def test_reordered_events_fill_their_gap_themselves() -> None:
    follower = following()
    assert applied(follower.heard(event(7), 1.0)) == ["AskSnapshot"]
    assert applied(follower.heard(event(6), 1.0)) == [6, 7]
    assert follower.synchronous
    assert follower.answered(snapshot(7), 1.1) == []
    assert follower.missed == 0


def test_a_gap_that_fills_only_in_part_stays_a_gap() -> None:
    follower = following()
    follower.heard(beat(9), 1.0)
    follower.heard(event(7), 1.0)
    assert applied(follower.heard(event(6), 1.0)) == [6, 7]
    assert not follower.synchronous
    assert applied(follower.answered(BadFrame("none"), 1.1)) == []
    assert applied(follower.tick(2.0)) == ["AskSnapshot"]


def test_a_snapshot_older_than_what_is_applied_is_dropped() -> None:
    follower = following()
    follower.heard(event(8), 1.0)
    follower.heard(event(6), 1.0)
    assert applied(follower.answered(snapshot(5), 1.4)) == ["AskSnapshot"]
    assert applied(follower.answered(snapshot(8), 1.5)) == ["Reset"]


def test_a_new_boot_asks_and_the_old_one_is_never_believed_again() -> None:
    follower = following()
    assert applied(follower.heard(event(1, "b"), 1.0)) == ["AskSnapshot"]
    assert applied(follower.heard(event(6, "a"), 1.0)) == [6]
    assert applied(follower.answered(snapshot(0, "b"), 1.1)) == ["Reset", 1]
    assert follower.heard(event(7, "a"), 1.2) == []
    assert follower.heard(beat(900, "a"), 1.2) == []
    assert follower.synchronous
    follower.heard(beat(2, "b"), 1.5)
    assert follower.answered(snapshot(99, "a"), 1.6) == []
    assert (follower.boot, follower.seq) == ("b", 1)


def test_a_late_frame_of_an_unknown_boot_changes_nothing() -> None:
    follower = following()
    assert applied(follower.heard(event(70, "z"), 1.0)) == ["AskSnapshot"]
    assert applied(follower.answered(snapshot(5), 1.1)) == ["Reset"]
    assert follower.synchronous
    assert applied(follower.heard(event(6), 1.2)) == [6]


def test_an_answer_of_the_old_boot_does_not_settle_a_boot_heard_since() -> None:
    follower = following()
    assert applied(follower.heard(event(7), 1.0)) == ["AskSnapshot"]
    assert follower.heard(event(1, "b"), 1.05) == []
    assert applied(follower.answered(snapshot(7), 1.5)) == ["Reset", "AskSnapshot"]
    assert applied(follower.answered(snapshot(0, "b"), 1.6)) == ["Reset", 1]


def test_three_missing_heartbeats_make_it_lost_once_and_a_frame_brings_it_back() -> None:
    follower = following()
    follower.heard(beat(5), 1.0)
    assert follower.tick(1.0 + LOST_S - 0.01) == []
    assert isinstance(follower.tick(1.0 + LOST_S)[0], Lost)
    assert follower.tick(60.0) == []
    assert applied(follower.heard(event(6), 61.0)) == ["AskSnapshot"]
    assert applied(follower.answered(snapshot(6), 61.1)) == ["Reset"]
    assert follower.synchronous


def test_events_missed_and_no_snapshot_is_lost_too() -> None:
    follower = following()
    follower.heard(event(8), 1.0)
    lost: list[Output] = []
    now = 1.0
    asked = 0
    while now < 20.0:
        now += 0.25
        follower.heard(beat(8), now)
        for output in follower.tick(now):
            if isinstance(output, Lost):
                lost.append(output)
        asked += follower._asked
        follower.answered(BadFrame("no answer"), now)
    assert len(lost) == 1
    assert "did not come, and it gave no snapshot" in lost[0].why
    assert asked < 12


def test_nobody_there_at_first_is_told() -> None:
    follower = Follower(100.0)
    follower.start(100.0)
    follower.answered(BadFrame("no answer"), 101.0)
    assert [type(o).__name__ for o in follower.tick(106.0)] == ["Lost", "AskSnapshot"]


def test_what_is_held_is_bounded() -> None:
    follower = following()
    for seq in range(10_000, 30_000):
        follower.heard(event(seq), 1.0)
    assert len(follower._held) <= 2000


class Publisher:
    """The truth: a table of switches; each change is an event."""

    def __init__(self) -> None:
        self.generation = 0
        self.seq = 0
        self.state: dict[str, int] = {}
        self.air: list[Message] = []
        self.clock = 0

    @property
    def boot(self) -> str:
        return f"boot{self.generation}"

    def change(self, name: str) -> None:
        self.clock += 1
        self.seq += 1
        self.state[name] = self.clock
        self.air.append(Message("valve", self.boot, self.seq, 0.0, "switch", {name: self.clock}))

    def beat(self) -> None:
        self.air.append(Message("valve", self.boot, self.seq, 0.0, HEARTBEAT))

    def restart(self) -> None:
        self.generation += 1
        self.seq = 0
        self.clock += 1
        self.state = dict.fromkeys(self.state, self.clock)

    def snapshot(self) -> Snapshot:
        return Snapshot("valve", self.boot, self.seq, 0.0, dict(self.state))


class Table:
    """What a subscriber makes of the outputs. A stamp that falls is a step back."""

    def __init__(self) -> None:
        self.state: dict[str, int] = {}
        self.at = (-1, -1)

    def take(self, outputs: list[Output]) -> bool:
        """True where a snapshot is asked for."""
        asked = False
        for output in outputs:
            if isinstance(output, Reset):
                self.reach(output.snapshot.boot, output.snapshot.seq)
                assert all(output.snapshot.state.get(n, 0) >= v for n, v in self.state.items())
                self.state = dict(output.snapshot.state)
            elif isinstance(output, Apply):
                self.reach(output.message.boot, output.message.seq)
                for name, value in output.message.payload.items():
                    assert value > self.state.get(name, -1)
                    self.state[name] = value
            asked = asked or isinstance(output, AskSnapshot)
        return asked

    def reach(self, boot: str, seq: int) -> None:
        at = (int(boot.removeprefix("boot")), seq)
        assert at >= self.at
        self.at = at


STEPS = st.one_of(
    st.tuples(st.just("change"), st.integers(0, 4)),
    st.tuples(st.just("beat"), st.just(0)),
    st.tuples(st.just("restart"), st.just(0)),
    st.tuples(st.just("deliver"), st.integers(0, 9)),
    st.tuples(st.just("double"), st.integers(0, 9)),
    st.tuples(st.just("drop"), st.integers(0, 9)),
    st.tuples(st.just("answer"), st.just(0)),
    st.tuples(st.just("compose"), st.just(0)),
    st.tuples(st.just("no answer"), st.just(0)),
    st.tuples(st.just("tick"), st.integers(1, 40)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=80))
def test_whatever_the_air_does_the_table_is_true_after_the_next_heartbeat_and_snapshot(
    steps: list[tuple[str, int]],
) -> None:
    publisher, table, now = Publisher(), Table(), 0.0
    follower = Follower(now)
    asked = table.take(follower.start(now))
    composed: Snapshot | None = None
    for what, n in steps:
        air = publisher.air
        if what == "change":
            publisher.change(f"V{n}")
        elif what == "beat":
            publisher.beat()
        elif what == "restart":
            publisher.restart()
        elif what in ("deliver", "double") and air:
            message = air[n % len(air)]
            if what == "deliver":
                air.remove(message)
            asked |= table.take(follower.heard(message, now))
        elif what == "drop" and air:
            del air[n % len(air)]
        elif what == "compose" and asked:
            composed = publisher.snapshot()
        elif what == "answer" and asked:
            asked, answer, composed = False, composed or publisher.snapshot(), None
            asked |= table.take(follower.answered(answer, now))
        elif what == "no answer" and asked:
            asked, composed = False, None
            asked |= table.take(follower.answered(BadFrame("no answer"), now))
        elif what == "tick":
            now += n / 10
            asked |= table.take(follower.tick(now))
        if follower.synchronous and not publisher.air:
            assert table.at <= (publisher.generation, publisher.seq)
    for _ in range(4):
        now += 6.0
        asked |= table.take(
            follower.heard(Message("valve", publisher.boot, publisher.seq, 0.0, HEARTBEAT), now)
        )
        asked |= table.take(follower.tick(now))
        if asked:
            asked = table.take(follower.answered(composed or publisher.snapshot(), now))
            composed = None
    assert table.state == publisher.state
    assert follower.synchronous
    assert table.at == (publisher.generation, publisher.seq)
