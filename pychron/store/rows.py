"""Records to rows and back. Used inside the pool only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from pychron.store.records import (
    ActuationCount,
    AuditEntry,
    ClaimGone,
    ClaimRow,
    Disabled,
    Enabled,
    Intent,
    LastState,
    ManualState,
    Outcome,
    PipetteCount,
    Record,
    Restored,
    SoftLock,
    SoftUnlock,
    Token,
)

KEPT_S = 600.0
"""An outcome is given again for this long (safety rule 12)."""
OUTCOMES = 50_000
"""No more outcomes than this are kept, however young."""
AUDIT = 500_000
"""The newest audit entries that are kept."""

_INTENT = "key, request_id, peer, switch, action, steps, wall, wire, machine_boot"
_OUTCOME = "key, result, changed, why, count, wall, wire, request_id, peer, switch, action, failed_children, machine_boot"

Statement = tuple[str, tuple[Any, ...]]


def _pairs(pairs: tuple[tuple[str, str], ...]) -> str:
    return json.dumps([list(pair) for pair in pairs])


def _read_pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((str(a), str(b)) for a, b in json.loads(text))


def _read_texts(text: str) -> tuple[str, ...]:
    return tuple(str(item) for item in json.loads(text))


def _intent(r: Intent, machine_boot: str) -> list[Statement]:
    values = (
        r.key,
        r.request_id,
        r.peer,
        r.switch,
        r.action,
        _pairs(r.steps),
        r.wall,
        r.wire,
        r.machine_boot,
    )
    return [(f"INSERT OR REPLACE INTO intents ({_INTENT}) VALUES (?,?,?,?,?,?,?,?,?)", values)]  # noqa: S608


def _outcome(r: Outcome, machine_boot: str) -> list[Statement]:
    values = (
        *(
            r.key,
            r.result,
            int(r.changed),
            r.why,
            r.count,
            r.wall,
            r.wire,
            r.request_id,
            r.peer,
            r.switch,
            r.action,
        ),
        *(json.dumps(list(r.failed_children)), machine_boot),
    )
    return [
        (f"INSERT OR REPLACE INTO outcomes ({_OUTCOME}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", values),  # noqa: S608
        ("DELETE FROM intents WHERE key = ?", (r.key,)),
    ]


def _claim(r: ClaimRow, machine_boot: str) -> list[Statement]:
    values = (
        *(r.session, r.address, json.dumps(list(r.switches)), r.token, r.lease_s),
        *(_pairs(r.require), int(r.orphaned)),
    )
    return [("INSERT OR REPLACE INTO claims VALUES (?,?,?,?,?,?,?)", values)]


def _put(table: str, *values: object) -> list[Statement]:
    marks = ",".join("?" * len(values))
    return [(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", values)]  # noqa: S608


_WRITERS: dict[type, Callable[[Any, str], list[Statement]]] = {
    Intent: _intent,
    Outcome: _outcome,
    SoftLock: lambda r, _: _put("locks", r.switch, r.who, r.why, r.wall),
    SoftUnlock: lambda r, _: [("DELETE FROM locks WHERE switch = ?", (r.switch,))],
    ManualState: lambda r, _: _put("manual_states", r.switch, int(r.open), r.who, r.why, r.wall),
    ActuationCount: lambda r, _: _put("counts", r.key, r.start, r.start_count, r.count, r.timestamp),
    PipetteCount: lambda r, _: _put("pipettes", r.name, r.counts, r.last_shot, int(r.armed)),
    ClaimRow: _claim,
    ClaimGone: lambda r, _: [("DELETE FROM claims WHERE session = ?", (r.session,))],
    LastState: lambda r, _: _put("last_states", r.switch, r.state, r.evidence, r.wall),
    Disabled: lambda r, _: _put("disabled", r.switch, r.why, r.who, r.wall),
    Enabled: lambda r, _: [("DELETE FROM disabled WHERE switch = ?", (r.switch,))],
    AuditEntry: lambda r, _: [
        (
            "INSERT INTO audit (wall, peer, what, switch, why) VALUES (?,?,?,?,?)",
            (r.wall, r.peer, r.what, r.switch, r.why),
        )
    ],
    Token: lambda r, _: [
        (
            "INSERT INTO meta VALUES ('token', ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            (r.value,),
        )
    ],
}


def statements(record: Record, machine_boot: str) -> list[Statement]:
    """What writes one record. Raises TypeError or ValueError for one that no row can hold."""
    return _WRITERS[type(record)](record, machine_boot)


def prune(
    connection: sqlite3.Connection, machine_boot: str, now: float, first_seq: int, opened: float
) -> None:
    """Forget what is too old or too much; inside a transaction. Only the wire clock is asked: a wall clock that
    is stepped loses nothing. `first_seq`: the first outcome of this start, at wire second `opened`; those of
    another boot of the machine are kept until this start is ten minutes old."""
    connection.execute(
        "DELETE FROM outcomes WHERE machine_boot = ? AND wire < ?", (machine_boot, now - KEPT_S)
    )
    if now - opened > KEPT_S:
        connection.execute(
            "DELETE FROM outcomes WHERE machine_boot <> ? AND seq < ?", (machine_boot, first_seq)
        )
    for table, most in (("outcomes", OUTCOMES), ("audit", AUDIT)):
        sql = f"DELETE FROM {table} WHERE seq <= (SELECT max(seq) FROM {table}) - ?"  # noqa: S608
        connection.execute(sql, (most,))


def _outcomes(connection: sqlite3.Connection, machine_boot: str, now: float) -> list[Outcome]:
    """Those of the last ten minutes, oldest first, with `wire` in this start's clock.

    Another boot of the machine has another wire clock, and how long the machine was down no clock tells
    surely; that time is counted as none, so that nothing is forgotten too early.
    """
    last = dict(connection.execute("SELECT machine_boot, max(wire) FROM outcomes GROUP BY machine_boot"))
    found = []
    for row in connection.execute(f"SELECT {_OUTCOME} FROM outcomes ORDER BY seq"):  # noqa: S608
        key, result, changed, why, count, wall, wire, request_id, peer, switch, action, children, boot = row
        age = max(0.0, (now if boot == machine_boot else last[boot]) - wire)
        if age < KEPT_S:
            outcome = Outcome(
                *(key, result, bool(changed), why, count, wall, now - age, request_id, peer, switch, action),
                failed_children=_read_texts(children),
            )
            found.append(outcome)
    return found


def restore(connection: sqlite3.Connection, machine_boot: str, now: float) -> Restored:
    """Everything that a start of the node needs to know. `now` in wire seconds."""
    query = connection.execute
    outcomes = _outcomes(connection, machine_boot, now)
    intents = query(f"SELECT {_INTENT} FROM intents ORDER BY seq")  # noqa: S608
    token = query("SELECT value FROM meta WHERE name = 'token'").fetchone()
    return Restored(
        intents=tuple(
            Intent(key, request_id, peer, switch, action, _read_pairs(steps), wall, wire, boot)
            for key, request_id, peer, switch, action, steps, wall, wire, boot in intents
        ),
        outcomes={o.request_id: o for o in outcomes if o.request_id is not None},
        locks={row[0]: SoftLock(*row) for row in query("SELECT * FROM locks ORDER BY rowid")},
        manual={
            switch: ManualState(switch, bool(is_open), who, why, wall)
            for switch, is_open, who, why, wall in query("SELECT * FROM manual_states ORDER BY rowid")
        },
        counts={row[0]: ActuationCount(*row) for row in query("SELECT * FROM counts ORDER BY rowid")},
        pipettes={
            name: PipetteCount(name, counts, last_shot, bool(armed))
            for name, counts, last_shot, armed in query("SELECT * FROM pipettes ORDER BY rowid")
        },
        claims={
            session: ClaimRow(
                session, address, _read_texts(switches), number, lease_s, _read_pairs(require), bool(orphaned)
            )
            for session, address, switches, number, lease_s, require, orphaned in query(
                "SELECT * FROM claims ORDER BY rowid"
            )
        },
        states={row[0]: LastState(*row) for row in query("SELECT * FROM last_states ORDER BY rowid")},
        disabled={row[0]: Disabled(*row) for row in query("SELECT * FROM disabled ORDER BY rowid")},
        token=token[0] if token else 0,
    )
