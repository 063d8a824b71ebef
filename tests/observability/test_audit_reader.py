"""The audit as a reader sees it, beside a node that writes."""

from pathlib import Path

from click.testing import CliRunner
from twisted.internet.defer import Deferred

from pychron.cli.main import main
from pychron.observability.audit_reader import AuditLine, node_files, read_audit
from pychron.store.records import AuditEntry
from tests.store.worlds import Bench, result


def _bench(tmp_path: Path) -> Bench:
    folder = tmp_path / ".appdata" / "pyvalve"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("no database")
    (folder / "short").write_bytes(b"SQLite format 3\x00")
    return Bench(folder)


def test_what_was_done_and_what_has_no_outcome(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    store, _ = bench.opened()
    result(store.commit(AuditEntry(10.0, "10.0.0.5", "open: done", "A", "")))
    result(store.commit(AuditEntry(11.0, "10.0.0.5", "open: Interlocked", "C", "A is open")))
    result(store.commit(AuditEntry(12.0, "unix", "lock", "A", "pump off")))
    result(store.commit(bench.intent("k", "id:1")))
    (path,) = node_files([tmp_path / ".appdata" / "pyvalve"])
    lines = read_audit(path)
    assert lines[1:] == [
        AuditLine(10.0, "10.0.0.5", "open", "A", "done", ""),
        AuditLine(11.0, "10.0.0.5", "open", "C", "Interlocked", "A is open"),
        AuditLine(12.0, "unix", "lock", "A", "done", "pump off"),
    ]
    assert lines[0].result == ""
    assert [line.wall for line in read_audit(path, "C")] == [11.0]
    assert len(read_audit(path, limit=2)) == 2
    shown = CliRunner().invoke(main, ["audit", "C", "--root", str(tmp_path)])
    assert shown.exit_code == 0
    assert "Interlocked" in shown.stdout
    assert "A is open" in shown.stdout
    result(Deferred.fromCoroutine(store.close()))


def test_a_root_in_which_no_node_ran(tmp_path: Path) -> None:
    assert node_files([tmp_path]) == ()
    done = CliRunner().invoke(main, ["audit", "--root", str(tmp_path)])
    assert done.exit_code == 1
    assert "no node has run" in done.stderr
