"""A real node keeps what it has seen; the command line reads it while it runs and afterwards."""

from __future__ import annotations

import json
import tarfile
import time

from click.testing import CliRunner

from pychron.cli.main import main
from pychron.observability import exchanges
from tests.system.twistd_process import until
from tests.system.valve_node import ValveNode


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="pychron")


def test_events_are_kept_over_the_death_of_the_node_and_packed(tmp_path):
    with ValveNode(tmp_path) as node:
        (node.root / "setupfiles" / "history.yaml").write_text("write_every: 0.5\n")
        node.kill()
        node.start()
        assert node.ask("Open B") == "OK"
        node.json("Lock", "C", why="leak test")

        def listed():
            done = run("history", "events", "--root", node.root, "--since", "10m ago", "--json")
            return [one["text"] for one in json.loads(done.stdout)] if done.exit_code == 0 else []

        def exchanged():
            folders = node.root.rglob(exchanges.FOLDER)
            lines = [line for folder in folders for line in exchanges.read(folder, 0.0, time.time())]
            return any("OPEN" in line.get("sent", "") for line in lines)

        # Each is written by a timer of its own, and a kill loses what waits for it.
        until(lambda: any("C locked" in text for text in listed()), "both events are on disk")
        until(exchanged, "the exchange with the relays is on disk")
        node.kill()
        found = listed()
        assert any(text.startswith("B moving -> open (relay)") for text in found)
        assert any("leak test" in text for text in found)
        words = run("history", "events", "--root", node.root, "--kind", "lock")
        assert "lock      C locked by" in words.stdout
        packed = run("incident", "--root", node.root, "--at", "now", "--out", tmp_path / "i.tar.gz", "--json")
        assert packed.exit_code == 0, packed.output
        with tarfile.open(tmp_path / "i.tar.gz") as archive:
            state = json.load(archive.extractfile("incident/state.json"))
            audit = archive.extractfile("incident/audit.jsonl").read().decode()
            said = archive.extractfile("incident/exchanges.jsonl").read().decode().splitlines()
        assert state["valves"]["B"]["state"] == "open"
        assert state["valves"]["C"]["locked"] is True
        assert '"switch": "B"' in audit
        lines = [json.loads(line) for line in said]
        assert any("OPEN" in line["sent"] and "102" in line["sent"] for line in lines)
        assert {line["device"] for line in lines} == {"switch_controller"}


def test_a_root_without_history_is_told(tmp_path):
    done = run("history", "events", "--root", tmp_path)
    assert done.exit_code == 1
    assert "no node has kept a history" in done.stderr
    assert run("history", "values", "--root", tmp_path, "--since", "soon").exit_code in (1, 2)
