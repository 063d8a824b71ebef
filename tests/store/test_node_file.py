"""The node's file: what is acknowledged is there after a restart, all or nothing, in few transactions."""

import sqlite3
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from pychron.store import records as r
from pychron.store.database import ROOM
from pychron.store.errors import StoreDamaged, StoreFailed
from pychron.store.node_file import NodeStore
from pychron.store.rows import _WRITERS, KEPT_S
from tests.store.worlds import Bench, open_file, result


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def commit(store: NodeStore, *records: r.Record) -> None:
    result(store.commit(*records))


def test_a_new_file_knows_nothing(bench: Bench) -> None:
    _, found = bench.opened()
    assert found == r.Restored((), {}, {}, {}, {}, {}, {}, {}, {}, 0)


def test_every_record_has_a_writer() -> None:
    assert set(_WRITERS) == set(r.Record.__args__)


def test_everything_is_there_after_a_restart(bench: Bench) -> None:
    store, _ = bench.opened()
    lock = r.SoftLock("A", "ann", "pump off", 12.5)
    manual = r.ManualState("M", True, "ann", "turned it", 13.0)
    count = r.ActuationCount("VALVE-A", "2026-01-01", 7, 19, "2026-02-01 10:00:00")
    pipette = r.PipetteCount("Air", 41, "2026-02-01 10:00:00", True)
    claim = r.ClaimRow("s1", "10.0.0.5", ("A", "B"), 4, 30.0, (("C", "closed"),), True)
    state = r.LastState("A", "open", "relay", 14.0)
    disabled = r.Disabled("B", "pressure", "monitor", 15.0)
    commit(
        store,
        lock,
        r.SoftLock("B", "bob", "", 1.0),
        manual,
        count,
        pipette,
        claim,
        state,
        disabled,
        r.Token(4),
    )
    commit(store, r.SoftUnlock("B"), r.ClaimRow("s2", "x", (), 5, 5.0), r.ClaimGone("s2"))
    commit(store, r.Disabled("C", "", "", 0.0), r.Enabled("C"), r.Token(3), bench.intent("k", "id:1"))
    found = bench.restart(store)
    assert found == r.Restored(
        (bench.intent("k", "id:1"),),
        {},
        {"A": lock},
        {"M": manual},
        {"VALVE-A": count},
        {"Air": pipette},
        {"s1": claim},
        {"A": state},
        {"B": disabled},
        4,
    )


def test_an_outcome_closes_its_intent_and_is_found_by_request(bench: Bench) -> None:
    store, _ = bench.opened()
    commit(store, bench.intent("k1", "id:1"))
    commit(store, bench.intent("k2"))
    commit(store, bench.outcome("k1", "id:1", result="Mismatch"))
    found = bench.restart(store)
    outcome = bench.outcome("k1", "id:1", result="Mismatch")
    assert [i.key for i in found.intents] == ["k2"]
    assert found.outcomes == {"id:1": outcome}


@pytest.mark.parametrize("step", [0.0, 3600.0, -3600.0, -1e9])
def test_ten_minutes_are_counted_by_the_wire_clock_only(bench: Bench, step: float) -> None:
    store, _ = bench.opened()
    commit(store, bench.outcome("old", "id:0"))
    bench.clock.advance(30.0)
    commit(store, bench.outcome("k", "id:1"))
    bench.wall_offset += step
    bench.clock.advance(KEPT_S - 10.0)
    found = bench.restart(store)
    assert list(found.outcomes) == ["id:1"]
    assert found.outcomes["id:1"].wire == 30.0


def test_after_another_boot_of_the_machine_the_time_it_was_down_counts_as_none(bench: Bench) -> None:
    bench.clock.advance(5000.0)
    store, _ = bench.opened()
    commit(store, bench.outcome("k0", "id:0"))
    bench.clock.advance(KEPT_S - 1.0)
    commit(store, bench.outcome("k1", "id:1"))
    bench.clock = type(bench.clock)()
    bench.clock.advance(20.0)
    bench.machine_boot = "machine-2"
    found = bench.restart(store)
    assert {i: o.wire for i, o in found.outcomes.items()} == {"id:0": 20.0 - (KEPT_S - 1.0), "id:1": 20.0}


def test_old_outcomes_leave_the_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pychron.store.database.PRUNE_EVERY", 1)
    monkeypatch.setattr("pychron.store.rows.AUDIT", 3)
    store, _ = bench.opened()
    for n in range(5):
        commit(store, bench.outcome(f"k{n}", f"id:{n}"), r.AuditEntry(float(n), "p", "open", "A", ""))
    bench.clock.advance(KEPT_S + 1)
    commit(store, bench.outcome("k9", "id:9"))
    with open_file(bench.path) as file:
        assert [row[0] for row in file.execute("SELECT key FROM outcomes")] == ["k9"]
        assert [row[0] for row in file.execute("SELECT wall FROM audit")] == [2.0, 3.0, 4.0]
    file.close()


def test_outcomes_of_another_boot_leave_when_this_start_is_ten_minutes_old(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pychron.store.database.PRUNE_EVERY", 1)
    bench.clock.advance(5000.0)
    store, _ = bench.opened()
    commit(store, bench.outcome("k0", "id:0"))
    bench.machine_boot = "machine-2"
    bench.clock = type(bench.clock)()
    store, _ = bench.opened()
    bench.clock.advance(KEPT_S - 1)
    commit(store, bench.outcome("k1", "id:1"))
    with open_file(bench.path) as file:
        assert [row[0] for row in file.execute("SELECT key FROM outcomes")] == ["k0", "k1"]
        bench.clock.advance(2)
        commit(store, bench.outcome("k2", "id:2"))
        assert [row[0] for row in file.execute("SELECT key FROM outcomes")] == ["k1", "k2"]
    file.close()


def test_what_is_handed_in_during_a_transaction_shares_the_next_one(bench: Bench) -> None:
    store, _ = bench.opened()
    bench.pool.at_once = False
    order: list[str] = []
    for key in "abcdefgh":
        store.commit(bench.intent(key)).addCallback(lambda _, key=key: order.append(key))
    assert len(bench.pool.jobs) == 1
    bench.pool.release()
    assert order == ["a"]
    assert len(bench.pool.jobs) == 1, "one transaction at a time"
    bench.pool.release()
    assert order == list("abcdefgh")
    assert (store.counters.commits, store.counters.transactions, store.counters.waiting) == (8, 2, 0)
    assert bench.pool.jobs == []


def test_a_record_that_no_row_can_hold_fails_alone_and_whole(bench: Bench) -> None:
    store, _ = bench.opened()
    bench.pool.at_once = False
    first = store.commit(r.Token(1))
    good = store.commit(r.SoftLock("A", "ann", "", 1.0))
    bad = store.commit(r.SoftLock("B", "bob", "", 1.0), r.SoftLock("C", "bob", "", float("nan")))
    worse = store.commit(r.SoftLock("D", "bob", "\ud800", 1.0), r.Token(2**80))
    also = store.commit(r.SoftLock("E", "eve", "", 1.0))
    bench.pool.release()
    bench.pool.release()
    bench.pool.at_once = True
    for done in (first, good, also):
        result(done)
    for done in (bad, worse):
        with pytest.raises(StoreFailed, match="no row can hold it"):
            result(done)
    assert list(bench.restart(store).locks) == ["A", "E"]


class Sick:
    """A connection whose disk can be full."""

    def __init__(self, path: Path, state: "dict[str, str]") -> None:
        self.real = open_file(path)
        self.state = state

    def execute(self, sql: str, *args: object) -> object:
        why = self.state.get(sql.split()[0])
        if why:
            raise sqlite3.OperationalError(why)
        return self.real.execute(sql, *args)

    @property
    def in_transaction(self) -> bool:
        return self.real.in_transaction

    def close(self) -> None:
        self.real.close()

    def __setattr__(self, name: str, value: object) -> None:
        if name == "isolation_level":
            self.real.isolation_level = value
        else:
            object.__setattr__(self, name, value)


@pytest.mark.parametrize(
    ("where", "why"),
    [("BEGIN", "database is locked"), ("INSERT", "database or disk is full"), ("COMMIT", "disk I/O error")],
)
def test_a_sick_disk_refuses_with_its_reason_and_is_used_again_when_it_is_well(
    bench: Bench, where: str, why: str
) -> None:
    state: dict[str, str] = {}
    bench.opener = lambda path: Sick(path, state)
    store, _ = bench.opened()
    commit(store, r.Token(1))
    state[where] = why
    for _ in range(3):
        with pytest.raises(StoreFailed, match=why):
            commit(store, r.SoftLock("A", "ann", "", 1.0), r.Token(2))
    assert why in store.failing
    state.clear()
    commit(store, r.SoftLock("B", "bob", "", 1.0))
    assert store.failing == ""
    assert store.counters.failed == 3
    found = bench.restart(store)
    assert (list(found.locks), found.token) == (["B"], 1)


def test_a_full_disk_as_sqlite_itself_tells_it(bench: Bench) -> None:
    limits: list[sqlite3.Connection] = []

    def opener(path: Path) -> sqlite3.Connection:
        limits.append(open_file(path))
        return limits[-1]

    bench.opener = opener
    store, _ = bench.opened()
    (pages,) = limits[-1].execute("PRAGMA page_count").fetchone()
    limits[-1].execute(f"PRAGMA max_page_count={pages}").fetchall()
    big = "x" * (2 * ROOM)
    with pytest.raises(StoreFailed, match="full"):
        commit(store, r.Token(7), r.AuditEntry(0.0, "p", "open", "A", big))
    commit(store, r.AuditEntry(0.0, "p", "open", "A", big))
    assert bench.restart(store).token == 0


def test_a_commit_has_a_deadline_and_what_had_not_begun_is_never_written(bench: Bench) -> None:
    store, _ = bench.opened()
    bench.pool.at_once = False
    begun = store.commit(r.SoftLock("A", "ann", "", 1.0))
    waiting = store.commit(r.SoftLock("B", "bob", "", 1.0))
    gone = store.commit(r.SoftLock("C", "eve", "", 1.0))
    gone.addErrback(lambda _: None)
    gone.cancel()
    bench.clock.advance(5.0)
    for done in (begun, waiting):
        with pytest.raises(StoreFailed, match="not on disk after 5 s"):
            result(done)
    bench.pool.release()
    assert bench.pool.jobs == []
    assert bench.clock.getDelayedCalls() == []
    bench.pool.at_once = True
    assert store.failing == ""
    assert list(bench.restart(store).locks) == ["A"]


def test_close_writes_what_was_handed_in_and_takes_nothing_new(bench: Bench) -> None:
    store, _ = bench.opened()
    bench.pool.at_once = False
    first, second = store.commit(r.Token(1)), store.commit(r.Token(2))
    closed = Deferred.fromCoroutine(store.close())
    with pytest.raises(StoreFailed, match="is not open"):
        commit(store, r.Token(3))
    while bench.pool.jobs:
        bench.pool.release()
    for done in (first, second, closed):
        result(done)
    result(Deferred.fromCoroutine(store.close()))
    bench.pool.at_once = True
    assert bench.opened()[1].token == 2


def test_a_damaged_file_is_left_as_it_is(bench: Bench) -> None:
    bench.path.write_bytes(b"this is no database, " * 500)
    before = bench.path.read_bytes()
    with pytest.raises(StoreDamaged, match="is damaged: file is not a database; it holds locks"):
        bench.opened()
    assert bench.path.read_bytes() == before


def test_a_file_with_a_broken_page_is_refused(bench: Bench) -> None:
    store, _ = bench.opened()
    for n in range(300):
        store.commit(r.AuditEntry(float(n), "p" * 100, "open", "A", ""))
    bench.restart(store)
    data = bytearray(bench.path.read_bytes())
    for page in range(1, len(data) // 4096):
        data[page * 4096 : page * 4096 + 60] = b"\xff" * 60
    bench.path.write_bytes(data)
    with pytest.raises(StoreDamaged):
        bench.opened()


def test_files_of_another_program_or_of_a_newer_version_are_refused(bench: Bench) -> None:
    with open_file(bench.path) as file:
        file.execute("CREATE TABLE notes (text)")
    file.close()
    with pytest.raises(StoreDamaged, match="another program"):
        bench.opened()
    bench.path.unlink()
    store, _ = bench.opened()
    bench.restart(store)
    with open_file(bench.path) as file:
        file.execute("PRAGMA user_version=99")
    file.close()
    with pytest.raises(StoreDamaged, match="newer version"):
        bench.opened()


def test_a_folder_that_is_missing_is_named(bench: Bench) -> None:
    bench.path = bench.path.parent / "absent" / "node.sqlite"
    with pytest.raises(StoreFailed, match="absent"):
        bench.opened()


def test_the_log_is_folded_between_transactions(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pychron.store.node_file.FOLD_AFTER", 50)
    store, _ = bench.opened()
    log = Path(f"{bench.path}-wal")
    sizes = []
    for n in range(600):
        commit(store, r.AuditEntry(float(n), "p", "open", "A", "w" * 200))
        sizes.append(log.stat().st_size)
    assert ROOM < min(sizes) == max(sizes) < 4_000_000


def test_a_disk_with_no_room_for_a_long_log_is_no_reason_not_to_start(bench: Bench) -> None:
    def full(path: Path) -> sqlite3.Connection:
        connection = open_file(path)
        connection.execute("PRAGMA max_page_count=100").fetchall()
        return connection

    bench.opener = full
    store, _ = bench.opened()
    commit(store, r.Token(7))
    assert bench.restart(store).token == 7


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_what_would_go_into_a_file_without_a_name_is_refused(bench: Bench, how: str) -> None:
    store, _ = bench.opened()
    commit(store, r.SoftLock("A", "ann", "", 1.0))
    aside = bench.path.with_name("aside")
    bench.path.rename(aside)
    if how == "replaced":
        bench.path.write_bytes(aside.read_bytes())
    bench.clock.advance(1.0)
    for _ in range(2):
        with pytest.raises(StoreFailed, match="was deleted or replaced under the running node; put it back"):
            commit(store, r.SoftLock("B", "bob", "", 1.0))
    assert bench.path.exists() == (how == "replaced")
    aside.rename(bench.path)
    commit(store, r.SoftLock("C", "eve", "", 1.0))
    assert sorted(bench.restart(store).locks) == ["A", "C"]
