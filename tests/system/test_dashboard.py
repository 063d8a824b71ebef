"""A client on plain pyzmq that behaves as an installed DashboardClient, and a real pyvalve with a dashboard.

It pings, fetches `config_json`, subscribes by prefix and takes a frame as installed clients do: the first subscription
that is a prefix gets what follows the tag. It shares no code with the project.
"""

from __future__ import annotations

import json
import re
import socketserver
import threading
import time

import pytest
import zmq

from tests.system.twistd_process import Foreground, hold_port, make_root, until
from tests.system.valve_node import ValveNode

LINE = """\
port: 0
devices:
  - name: Line
    device: extraction_line
    values:
      - {name: A, enabled: true, period: on_change, timeout: 60}
  - name: Env
    device: environmental_monitor
    values:
      - {name: temperature, func_name: get_temperature, enabled: true, period: 0.5, units: C}
      - {name: humidity, enabled: false, period: 5}
"""
GAUGE = """\
port: 0
devices:
  - name: Bone
    device: gauges
    values:
      - {name: pressure, func_name: IG, enabled: true, period: 0.5, units: torr,
         conditionals: [[10, {teststr: "x>1e-7"}], [20, {teststr: "x>1e-5", script: ""}]]}
      - {name: other, func_name: CG, enabled: true, period: 0.5, units: torr}
"""
ROOT = '<root><plugins><general><plugin enabled="true">DashboardServer</plugin></general></plugins></root>\n'


class InstalledClient:
    """What an installed DashboardClient does, and nothing else."""

    def __init__(self, port, tags=("dashboard",)):
        self.context = zmq.Context()
        self.port = port
        self.tags = list(tags)
        self.sub = self.context.socket(zmq.SUB)
        self.sub.setsockopt(zmq.LINGER, 0)
        for tag in self.tags:
            self.sub.subscribe(tag.encode())
        self.sub.connect(f"tcp://127.0.0.1:{port}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sub.close()
        self.context.term()

    def request(self, text, timeout_s=5.0):
        """A REQ of its own; None where nothing came."""
        req = self.context.socket(zmq.REQ)
        req.setsockopt(zmq.LINGER, 0)
        req.connect(f"tcp://127.0.0.1:{self.port + 1}")
        try:
            req.send(text if isinstance(text, bytes) else text.encode())
            return req.recv() if req.poll(int(timeout_s * 1000)) else None
        finally:
            req.close()

    def message(self, timeout_s=5.0):
        """The next message: its tag and its payload."""
        assert self.sub.poll(int(timeout_s * 1000)), "nothing came"
        parts = self.sub.recv_multipart()
        assert len(parts) == 1, "installed clients read each part as a message"
        frame = parts[0].decode("utf-8")
        tag = next(tag for tag in self.tags if frame.startswith(tag))
        return tag, frame[len(tag) :].strip()

    def wait_for(self, kind, limit_s=10.0, **fields):
        """The next structured event of this kind."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            tag, payload = self.message(limit_s)
            if tag == "dashboard":
                told = json.loads(payload)
                if told["kind"] == kind and all(told.get(k) == v for k, v in fields.items()):
                    return told
        raise AssertionError(f"no {kind} with {fields} within {limit_s} s")


def dashboard_port(log):
    return int(re.search(r"dashboard on 127\.0\.0\.1:(\d+)", log)[1])


def test_an_installed_client_gets_its_configuration_and_values(tmp_path):
    node = ValveNode(tmp_path)
    root = node.root / "setupfiles"
    (root / "dashboard.yaml").write_text(LINE)
    text = (root / "initialization.xml").read_text()
    (root / "initialization.xml").write_text(
        text.replace('<plugin enabled="false">DashboardServer', '<plugin enabled="true">DashboardServer')
    )
    with node:
        node.twistd.wait_for("dashboard on ")
        with InstalledClient(dashboard_port(node.twistd.text())) as client:
            assert client.request("ping") == b"echo"
            config = json.loads(client.request("config_json"))
            assert config["kind"] == "config_snapshot"
            tags = {v["tag"]: v for d in config["config"]["devices"] for v in d["values"]}
            assert list(tags) == ["<Line,A>", "<Env,temperature>", "<Env,humidity>"]
            assert tags["<Env,temperature>"]["units"] == "C"

            beat = client.wait_for("heartbeat")
            assert beat["state"] == "polling"
            value = client.wait_for("value_update", tag="<Env,temperature>")
            assert 0 <= float(value["value"]) <= 1

            started = time.monotonic()
            assert node.ask("Open A") == "OK"
            opened = client.wait_for("value_update", tag="<Line,A>")
            assert opened["value"] == 1.0
            assert time.monotonic() - started < 5

            for request in ("config", "nope", b"\xff\x00", b"x" * 10_000, ""):
                assert client.request(request) == b"", request
            assert client.request("ping") == b"echo"

            first = client.wait_for("heartbeat")["ts"]
            second = client.wait_for("heartbeat")["ts"]
            assert second - first == pytest.approx(2.0, abs=0.5)

        with InstalledClient(dashboard_port(node.twistd.text()), tags=("<Line,A>", "error")) as legacy:
            time.sleep(0.3)  # a bare subscription says nothing when it is heard
            assert node.ask("Close A") == "OK"
            assert legacy.message() == ("<Line,A>", "0.0")
        assert "Traceback" not in node.twistd.text()


class Gauges(socketserver.ThreadingTCPServer):
    """A Qtegra that answers GetParameter with what the test says."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        self.readings = {"IG": "1.0e-8", "CG": "2.0e-2"}
        super().__init__(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def _handler(self):
        readings = self.readings

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                rest = b""
                while data := self.request.recv(1000):
                    *lines, rest = (rest + data).split(b"\r")
                    for line in lines:
                        answer = readings.get(line.decode().removeprefix("GetParameter "), "Error")
                        if answer:
                            self.request.sendall(answer.encode() + b"\r\n")

        return Handler


def test_thresholds_errors_and_silence_of_a_real_instrument(tmp_path):
    gauges = Gauges()
    root = make_root(tmp_path / "root", ROOT)
    devices = root / "setupfiles" / "devices"
    devices.mkdir()
    (devices / "gauges.yaml").write_text(
        f"klass: QtegraMicroIonController\nhost: 127.0.0.1\nport: {gauges.server_address[1]}\ntimeout: 0.5\n"
    )
    (root / "setupfiles" / "dashboard.yaml").write_text(GAUGE)
    twistd = Foreground(
        tmp_path, "pyvalve", "--root", str(root), "--port", "0", "--publish-port", "0", "--web-port", "0"
    )
    try:
        twistd.wait_for("dashboard on ")
        with InstalledClient(dashboard_port(twistd.text()), tags=("dashboard", "error", "Bone.")) as client:
            client.wait_for("heartbeat")

            def set_to(reading, kind, **fields):
                gauges.readings["IG"] = reading
                started = time.monotonic()
                told = client.wait_for(kind, **fields)
                return told, time.monotonic() - started

            told, took = set_to("2.0e-7", "warning")
            assert told["message"] == "Bone.pressure.x>1e-7 is True. value=2e-07"
            assert took < 3
            told, _ = set_to("2.0e-5", "critical")
            assert told["message"] == "Bone.pressure.x>1e-5 is True. value=2e-05"
            assert client.message() == ("error", "Bone.pressure.x>1e-5 is True. value=2e-05")

            told, _ = set_to("1.0e-9", "value_update", tag="<Bone,pressure>", value=1e-9)
            told, _ = set_to("over the moon", "error", tag="<Bone,pressure>")
            assert "no number" in told["message"]
            # It hangs, and the other gauge of the same instrument is late with it; then both are back.
            told, _ = set_to("", "error", tag="<Bone,pressure>")
            assert "did not answer" in told["message"]
            set_to("3.0e-9", "value_update", tag="<Bone,pressure>", value=3e-9)
    finally:
        twistd.stop()
        gauges.shutdown()
        gauges.server_close()


def test_a_malformed_file_leaves_the_valves_alone(tmp_path):
    node = ValveNode(tmp_path)
    root = node.root / "setupfiles"
    (root / "dashboard.yaml").write_text("devices:\n  - {name: Env}\n")
    text = (root / "initialization.xml").read_text()
    (root / "initialization.xml").write_text(
        text.replace('<plugin enabled="false">DashboardServer', '<plugin enabled="true">DashboardServer')
    )
    with node:
        until(lambda: "the dashboard is not started" in node.twistd.text(), "it is said")
        assert "setupfiles/dashboard.yaml:2: device Env: has no values" in node.twistd.text()
        assert node.ask("Open A") == "OK"
        assert "dashboard on" not in node.twistd.text()


def test_a_pycrunch_follows_from_before_the_server_to_after_its_death(tmp_path):
    node = ValveNode(tmp_path)
    root = node.root / "setupfiles"
    held = hold_port()
    port = held.getsockname()[1]
    (root / "dashboard.yaml").write_text(LINE.replace("port: 0", f"port: {port}"))
    text = (root / "initialization.xml").read_text()
    (root / "initialization.xml").write_text(
        text.replace('<plugin enabled="false">DashboardServer', '<plugin enabled="true">DashboardServer')
    )
    office = make_root(tmp_path / "office", ROOT.replace("DashboardServer", "DashboardClient"))
    (office / "setupfiles" / "dashboard_client.yaml").write_text(f"port: {port}\n")
    ports = ("--port", "0", "--publish-port", "0", "--web-port", "0")
    (tmp_path / "out").mkdir()
    crunch = Foreground(tmp_path / "out", "pycrunch", "--root", str(office), *ports)
    try:
        crunch.wait_for("it is asked again")
        held.close()
        with node:
            crunch.wait_for(f"the dashboard server 127.0.0.1:{port} is heard")
            node.kill()
            crunch.wait_for(f"the dashboard server 127.0.0.1:{port} has been silent for")
        assert "Traceback" not in crunch.text()
    finally:
        held.close()
        crunch.stop()
