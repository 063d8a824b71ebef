"""The tables of the history: what is written is found again, in SQLite and, where a server is here, in PostgreSQL."""

from __future__ import annotations

import json
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pychron.observability.history import database
from pychron.observability.history.database import Postgresql, ReadOnly, Sqlite
from pychron.observability.history.history_file import HistorySpec
from tests.observability.history.server import postgresql_server


def valve(wall, name, state, **payload):
    data = json.dumps({"name": name, "state": state, **payload})
    return (wall, "valve", name, f"{name} {state}", data)


@pytest.fixture(params=["sqlite", "postgresql"])
def connection(request, tmp_path):
    if request.param == "sqlite":
        found = Sqlite(sqlite3.connect(tmp_path / "h.sqlite"))
        yield found
        found.close()
        return
    with postgresql_server() as url:
        found = Postgresql(url)
        yield found
        found.close()


def test_readings_come_back_as_they_were_or_in_buckets(connection):
    rows = [("T", "C", 1000.0 + n, float(n)) for n in range(100)]
    database.write(connection, rows, ())
    found = database.values(connection, "T", 1000.0, 1100.0, 500)
    assert (found.unit, found.bucket_s, len(found.buckets)) == ("C", 0.0, 100)
    assert [one.mean for one in found.buckets] == [float(n) for n in range(100)]
    few = database.values(connection, "T", 1000.0, 1100.0, 10)
    assert [one.count for one in few.buckets] == [10] * 10
    assert (few.buckets[3].low, few.buckets[3].mean, few.buckets[3].high) == (30.0, 34.5, 39.0)
    assert database.values(connection, "X", 0.0, 1.0, 5).buckets == ()
    assert database.tags(connection) == ["T"]


def test_minutes_are_left_where_readings_are_forgotten(connection):
    day = 86_400.0
    old = [("T", "C", 60.0 * n + s, float(s)) for n in range(3) for s in (0, 30)]
    database.write(connection, old, (valve(10.0, "A", "open"),))
    database.write(connection, [("T", "C", 10 * day, 7.0)], ())
    database.forget(connection, HistorySpec(raw_days=7, minute_days=30, event_days=1), 10 * day)
    found = database.values(connection, "T", 0.0, 11 * day, 100)
    assert [(one.start, one.count, one.low, one.mean, one.high) for one in found.buckets] == [
        (0.0, 2, 0.0, 15.0, 30.0), (60.0, 2, 0.0, 15.0, 30.0), (120.0, 2, 0.0, 15.0, 30.0), (10 * day, 1, 7.0, 7.0, 7.0),
    ]  # fmt: skip
    assert database.events(connection, 0.0, 1e9, (), 10, "") == []


def test_events_by_time_kind_and_subject(connection):
    rows = [valve(float(n), "AB"[n % 2], "open") for n in range(10)] + [(5.5, "peer", "p", "p lost", "{}")]
    database.write(connection, (), rows)
    assert [one.wall for one in database.events(connection, 2.0, 5.0, (), 100, "")] == [2.0, 3.0, 4.0]
    assert [one.wall for one in database.events(connection, 0.0, 99.0, (), 2, "")] == [8.0, 9.0]
    assert [one.text for one in database.events(connection, 0.0, 99.0, ("peer",), 9, "")] == ["p lost"]
    assert {one.subject for one in database.events(connection, 0.0, 99.0, ("valve",), 9, "B")} == {"B"}


def test_the_line_as_it_was_at_a_moment(connection):
    rows = [
        valve(1.0, "A", "closed", evidence="relay"),
        valve(5.0, "A", "open", evidence="relay", lock={"who": "x"}, owner="q"),
    ]
    database.write(
        connection, [("T", "C", 2.0, 20.0), ("T", "C", 6.0, 30.0)], [*rows, valve(3.0, "B", "closed")]
    )
    then = database.state_at(connection, 4.0)
    assert {name: one.state for name, one in then.valves.items()} == {"A": "closed", "B": "closed"}
    assert then.values == {"T": (20.0, 2.0)}
    later = database.state_at(connection, 9.0).valves["A"]
    assert (later.state, later.locked, later.owner, later.since) == ("open", True, "q", 5.0)
    assert database.state_at(connection, 0.5).valves == {}


def test_a_batch_is_whole_or_not_there(connection):
    with pytest.raises(Exception):  # noqa: B017 - each database has its own
        database.write(connection, [("T", "C", 1.0, 1.0)], [(1.0, None, "", "", "{}")])
    assert database.tags(connection) == []
    database.write(connection, [("T", "C", 1.0, 1.0)], ())
    assert database.tags(connection) == ["T"]


@given(
    st.lists(
        st.tuples(st.floats(0, 1e4, allow_nan=False), st.floats(-1e6, 1e6)),
        min_size=1,
        max_size=60,
        unique_by=lambda p: p[0],
    ),
    st.integers(1, 20),
)
@settings(max_examples=40, deadline=None)
def test_buckets_lose_no_reading(pairs, points):
    found = Sqlite(sqlite3.connect(":memory:"))
    database.write(found, [("T", "", wall, value) for wall, value in pairs], ())
    series = database.values(found, "T", 0.0, 1e4 + 1, points)
    assert len(series.buckets) <= points
    assert sum(one.count for one in series.buckets) == len(pairs)
    assert min(one.low for one in series.buckets) == min(value for _, value in pairs)
    assert max(one.high for one in series.buckets) == max(value for _, value in pairs)
    found.close()


def test_who_only_looks_writes_nothing(tmp_path):
    path = tmp_path / "h.sqlite"
    writer = Sqlite(sqlite3.connect(path))
    database.write(writer, [("T", "C", 1.0, 1.0)], ())
    writer.close()
    reader = ReadOnly(path)
    assert database.tags(reader) == ["T"]
    with pytest.raises(sqlite3.OperationalError):
        reader.execute("DELETE FROM tags")
    reader.close()
