"""A script on pyexperiment opens a valve on pyvalve, three real processes; and what pyexperiment says when pyvalve is gone."""

from __future__ import annotations

import ast
import json
import time
from contextlib import closing

import pytest
import zmq

from pychron.cli.init import root_files
from tests.system.relay_bank import RelayBank
from tests.system.twistd_process import Foreground, until
from tests.system.valve_node import READY, Peer, ValveNode, said

LINE = """\
name: ExtractionLine
klass: RemoteExtractionLineManager
host: 127.0.0.1
port: {port}
publish_port: {publish}
timeout: 2
"""
SCRIPT = """\
def main():
    open('A')
    sleep(0.1)
    open(description='Extraction to getter')
    close('A')
"""
TOLD_S = 1.0


class ExperimentNode:
    """pyexperiment on a root from `pychron init`, its line at a command and a publish port."""

    def __init__(self, folder, port, publish_port):
        self.folder = folder / "pyexperiment"
        self.root = folder / "e"  # short: a socket's path has at most 107 bytes
        self.folder.mkdir()
        for name, text in root_files("experiment", simulated=False).items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, "utf-8")
        self.device = self.root / "setupfiles" / "devices" / "extraction_line.yaml"
        self.device.write_text(LINE.format(port=port, publish=publish_port))
        self.port = self.publish_port = self.web_port = 0

    def __enter__(self):
        return self.start()

    def start(self):
        """Start it, after `kill` again."""
        self.twistd = Foreground(
            self.folder,
            "pyexperiment",
            "--root",
            str(self.root),
            "--port",
            "0",
            "--publish-port",
            "0",
            "--web-port",
            "0",
        )
        try:
            self.twistd.wait_for(READY)
            log = self.twistd.text()
            self.port = said(log, r"commands are taken at 127\.0\.0\.1:(\d+)")
            self.publish_port = said(log, r"broadcasts on 127\.0\.0\.1:(\d+)")
            self.web_port = said(log, r"the live page is http://127\.0\.0\.1:(\d+)/")
        except BaseException:
            self.twistd.stop()
            raise
        return self

    def __exit__(self, *_):
        self.twistd.stop()

    def kill(self):
        self.twistd.process.kill()
        self.twistd.process.wait()

    def json(self, command, value="", **members):
        with Peer(self.port, 30) as peer:
            reply = peer.ask(json.dumps({"command": command, "value": value, "id": "test", **members}))
        return json.loads(reply)

    def valve(self, name):
        listed = self.json("ListValves")["result"]["valves"]
        return next((v for v in listed if v["name"] == name), {"state": "not listed"})

    def wait_for_state(self, name, state):
        until(lambda: self.valve(name)["state"] == state, f"pyexperiment shows {name} {state}")

    def run_script(self, text):
        file = self.root / "scripts" / "extraction" / "two_nodes.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        own = self.root / ".appdata" / "pyexperiment" / "node.sock"
        with Peer(own, 30) as peer:
            return json.loads(
                peer.ask(json.dumps({"command": "RunScript", "value": str(file), "id": "test"}))
            )


class Subscriber:
    """What a node broadcasts, by plain pyzmq."""

    def __init__(self, port):
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"pychron ")
        self._socket.connect(f"tcp://127.0.0.1:{port}")
        self.heard = []

    def close(self):
        self._socket.close(0)
        self._context.term()

    def hear(self):
        """All that has come by now."""
        while self._socket.poll(20):
            message = json.loads(self._socket.recv().partition(b" ")[2])
            self.heard.append((time.monotonic(), message))
        return [message for _, message in self.heard]

    def when(self, name, state):
        """time.monotonic() at which it was first told, or None."""
        self.hear()
        for at, message in self.heard:
            payload = message["payload"]
            if message["kind"] == "valve" and (payload["name"], payload["state"]) == (name, state):
                return at
        return None


@pytest.fixture
def bank():
    with RelayBank() as bank:
        yield bank


@pytest.fixture
def valve(bank, tmp_path):
    with ValveNode(tmp_path, bank) as node:
        yield node


@pytest.fixture
def experiment(valve, tmp_path):
    with ExperimentNode(tmp_path, valve.port, valve.publish_port) as node:
        node.wait_for_state("A", "closed")
        yield node


def test_a_script_opens_a_valve_and_everybody_knows_at_once(valve, experiment, bank):
    with closing(Subscriber(experiment.publish_port)) as subscriber:
        until(subscriber.hear, "the subscription stands")
        reply = experiment.run_script(SCRIPT)
        assert "result" in reply, reply
        assert [(d.address, d.opens) for d in bank.drives] == [("101", True), ("102", True), ("101", False)]
        until(lambda: subscriber.when("B", "open"), "B is told open")
        for name, drive in (("A", bank.drives[0]), ("B", bank.drives[1])):
            assert 0 <= subscriber.when(name, "open") - drive.at < TOLD_S
        nodes = {m["node"] for m in subscriber.hear() if m["kind"] == "valve"}
        assert nodes == {"pyexperiment"}
    assert valve.state("B") == experiment.valve("B")["state"] == "open"


def test_a_refusal_reaches_the_script_and_says_why(valve, experiment, bank):
    assert valve.ask("Open A") == "OK"
    reply = experiment.run_script("def main():\n    open('C')\n")
    assert "A" in json.dumps(reply)
    assert "interlock" in json.dumps(reply).casefold()
    assert bank.turned("103") == []


def test_a_lost_valve_node_is_unknown_and_its_return_known(valve, experiment, bank):
    assert valve.ask("Open B") == "OK"
    experiment.wait_for_state("B", "open")
    drives = list(bank.drives)
    with closing(Subscriber(experiment.publish_port)) as subscriber:
        until(subscriber.hear, "the subscription stands")
        valve.kill()
        killed = time.monotonic()
        experiment.wait_for_state("B", "unknown")
        until(lambda: subscriber.when("B", "unknown"), "it is told unknown")
        assert subscriber.when("B", "unknown") - killed < 10
        # Plain clients of pyexperiment know no third state: unknown is open, and nothing can be opened.
        with Peer(experiment.port) as peer:
            assert peer.ask("GetValveState A") == "OK"
            assert peer.ask("Open A").startswith("ERROR 01")
    valve.start()
    experiment.wait_for_state("B", "open")
    experiment.wait_for_state("A", "closed")
    assert bank.drives == drives
    reply = experiment.json("Close", "B", id="after:1")
    assert reply.get("result") == "OK", reply
    assert bank.turned("102") == [True, False]


def test_what_has_an_id_is_sent_once_whatever_becomes_of_this_node(valve, experiment, bank):
    assert experiment.json("Open", "A", id="client:1")["result"] == "OK"
    assert experiment.json("Close", "A", id="client:2")["result"] == "OK"
    drives = list(bank.drives)
    experiment.kill()
    experiment.start()
    experiment.wait_for_state("A", "closed")
    assert experiment.json("Open", "A", id="client:1")["result"] == "OK"
    # And one that is under way when the node is killed: the relay has turned, its answer has not come.
    bank.answering.clear()
    with Peer(experiment.port) as peer:
        peer.send(json.dumps({"id": "client:3", "command": "Open", "value": "B"}))
        until(lambda: bank.is_open("102"), "B is driven")
        experiment.kill()
    bank.answering.set()
    experiment.start()
    experiment.wait_for_state("B", "open")
    assert experiment.json("Close", "B", id="client:4")["result"] == "OK"
    again = experiment.json("Open", "B", id="client:3")
    assert (again["error"]["kind"], again["error"]["code"]) == ("NoResponse", 10)
    assert [(d.address, d.opens) for d in bank.drives[len(drives) :]] == [("102", True), ("102", False)]


def test_three_copies_of_an_installed_client_are_one_open(valve, experiment, bank):
    with Peer(experiment.port) as one, Peer(experiment.port) as two:
        one.send("Open A")
        two.send("Open A")
        assert (one.line(), two.line(), one.ask("Open A")) == (
            "OK",
            "OK",
            "OK",
        )  # and no `ok`: it was asked once
    assert bank.turned("101") == [True]


def test_shots_are_those_of_the_controller_and_never_old_ones(valve, experiment):
    for text in ("Open G", "Close G", "Open F", "Close F"):
        assert valve.ask(text) == "OK"
    with Peer(experiment.port) as peer:
        assert peer.ask("GetPipetteCount air") == "1"
        assert peer.ask("GetPipetteCount Cocktail") == "0"
        (row,) = ast.literal_eval(peer.ask("GetPipetteCounts"))
        assert (row["counts"], sorted(row)) == (1, ["counts", "last_shot_time"])
    assert experiment.json("GetPipetteCounts", id="shots:1")["result"][0]["name"] == "Air"
    valve.kill()
    experiment.wait_for_state("B", "unknown")
    with Peer(experiment.port) as peer:
        for text in ("GetPipetteCount Air", "GetPipetteCounts"):
            assert peer.ask(text).startswith("ERROR 010"), "a count that cannot be asked is none"
    assert experiment.json("GetPipetteCounts", id="shots:2")["error"]["kind"] == "PeerLost"


def test_a_wrong_address_is_told_at_once_with_file_and_line(valve, tmp_path):
    with RelayBank() as nobody:
        free = nobody.port
    with ExperimentNode(tmp_path, free, valve.publish_port) as experiment:
        experiment.twistd.wait_for("devices/extraction_line.yaml:")
        line = next(
            line for line in experiment.twistd.text().splitlines() if "devices/extraction_line.yaml:" in line
        )
        assert f"127.0.0.1:{free}" in line or f"127.0.0.1, port {free}" in line, line
        assert experiment.valve("A")["state"] in ("unknown", "not listed")
