"""The processes of the demo: an emulated instrument and two nodes, each ended by its own process id."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pychron.cli.address import SOCKET, Address
from pychron.cli.client import Client
from pychron.cli.exits import Refused, Unreached
from pychron.cli.init import root_files
from pychron.node.root import state_folder

START_S = 20.0
EXPERIMENT_LINE = """\
name: ExtractionLine
klass: RemoteExtractionLineManager
host: 127.0.0.1
port: {port}
publish_port: {publish}
timeout: 2
"""
ACTUATOR = """\
name: switch_controller
klass: AgilentGPActuator
general:
  power_up: emulated
  on_computer_loss: emulated
communications:
  type: serial
  port: {port}
  timeout: 1
"""


class NotHappened(Exception):
    """What the demo shows did not happen."""


def free_ports() -> tuple[int, int, int]:
    """A command port, and a pair for broadcasts, that are free now."""
    while True:
        with socket.socket() as a, socket.socket() as b, socket.socket() as c:
            a.bind(("127.0.0.1", 0))
            b.bind(("127.0.0.1", 0))
            publish = b.getsockname()[1]
            try:
                c.bind(("127.0.0.1", publish + 1))
            except (OSError, OverflowError):
                continue
            return a.getsockname()[1], publish, publish + 1


class NodeProcess:
    """One twistd process."""

    def __init__(self, name: str, root: Path, log: Path) -> None:
        self.name = name
        self.root = root
        self.log = log
        self.port, self.publish, _ = free_ports()
        self.web = free_ports()[0]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start it, and wait until its own socket answers."""
        twistd = Path(sys.executable).with_name("twistd")
        command = [str(twistd)] if twistd.exists() else [sys.executable, "-m", "twisted.scripts.twistd"]
        command += ["-n", self.name, "--root", str(self.root), "--publish-port", str(self.publish)]
        command += ["--web-port", str(self.web), *options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.root)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            if self.answers():
                return
            time.sleep(0.05)
        raise NotHappened(f"{self.name} did not start; its log says: {self._tail()}")

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return " | ".join(lines[-4:])

    def socket(self) -> Address:
        """The node's own Unix socket."""
        return Address(
            path=str(state_folder(self.root, self.name.removeprefix("py"), simulated=False) / SOCKET)
        )

    def answers(self) -> bool:
        """Whether it answers GetVersion."""
        try:
            return Client(self.socket(), 1.0).ask("GetVersion").code == 0
        except (Unreached, Refused):
            return False

    def ask(self, verb: str, argument: str = "", timeout_s: float = 30.0, **members: Any) -> Any:
        """One request over its own socket."""
        reply = Client(self.socket(), timeout_s).ask(verb, argument, **members)
        if reply.code:
            raise NotHappened(f"{self.name} refused {verb} {argument}: {reply.text}")
        return reply.result

    def kill(self) -> None:
        """kill -9, this process only."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """SIGTERM, then SIGKILL where that does not end it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(8)
            except subprocess.TimeoutExpired:
                self.kill()


class Watch(threading.Thread):
    """Hears what both nodes broadcast."""

    def __init__(self, ports: dict[str, int]) -> None:
        super().__init__(daemon=True)
        self._ports = ports
        self._heard: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self.over = threading.Event()

    def run(self) -> None:
        """Until `over`."""
        import zmq

        context = zmq.Context()
        sub = context.socket(zmq.SUB)
        sub.setsockopt(zmq.SUBSCRIBE, b"pychron ")
        for port in self._ports.values():
            sub.connect(f"tcp://127.0.0.1:{port}")
        while not self.over.is_set():
            if sub.poll(100):
                message = json.loads(sub.recv()[len(b"pychron ") :])
                with self._lock:
                    self._heard.append({**message, "heard": time.time()})
        sub.close(0)
        context.term()

    def clear(self) -> None:
        """Forget what was heard."""
        with self._lock:
            self._heard.clear()

    def heard(self) -> list[dict[str, Any]]:
        """All since then."""
        with self._lock:
            return list(self._heard)


class Laboratory:
    """The instrument and the two nodes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.serial_port = folder / "agilent"
        self._relays = folder / "relays.log"
        self._instrument: subprocess.Popen[bytes] | None = None
        valve, experiment = folder / "valve", folder / "experiment"
        for role, root in (("valve", valve), ("experiment", experiment)):
            for name, text in root_files(role, simulated=False).items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, "utf-8")
        self.valve = NodeProcess("pyvalve", valve, folder / "pyvalve.log")
        self.experiment = NodeProcess("pyexperiment", experiment, folder / "pyexperiment.log")
        devices = valve / "setupfiles" / "devices" / "switch_controller.yaml"
        devices.write_text(ACTUATOR.format(port=self.serial_port))
        line = experiment / "setupfiles" / "devices" / "extraction_line.yaml"
        line.write_text(EXPERIMENT_LINE.format(port=self.valve.port, publish=self.valve.publish))
        self.watch = Watch({"pyvalve": self.valve.publish, "pyexperiment": self.experiment.publish})

    def __enter__(self) -> Self:
        self.watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.watch.over.set()
        for node in (self.experiment, self.valve):
            node.stop()
        if self._instrument is not None:
            self._instrument.terminate()
            self._instrument.wait(5)
        self.watch.join(2)

    def start_instrument(self) -> None:
        """The emulated Agilent at the far end of a pty."""
        command = [sys.executable, "-m", "pychron.cli.main", "simulate", "agilent", "--pty"]
        command += ["--link", str(self.serial_port), "--log", str(self._relays)]
        with (self._folder / "agilent.log").open("ab") as log:
            self._instrument = subprocess.Popen(command, stdout=log, stderr=log)
        self._until(self.serial_port.exists, 10, "the emulated instrument did not start")

    def start_valve(self) -> None:
        """Start pyvalve (again)."""
        self.valve.start("--port", str(self.valve.port))

    def start_experiment(self) -> None:
        """Start pyexperiment."""
        self.experiment.start()

    def run_script(self, name: str, text: str) -> dict[str, Any]:
        """Write a script into pyexperiment's root and run it there."""
        file = self.experiment.root / "scripts" / "extraction" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        ended: dict[str, Any] = self.experiment.ask("RunScript", str(file), timeout_s=60.0)
        return ended

    def _valve(self, name: str) -> dict[str, Any]:
        listed = self.experiment.ask("ListValves")
        return next((v for v in listed["valves"] if v["name"] == name), {})

    def wait_for_state(self, name: str, state: str, seconds: float) -> None:
        """Until pyexperiment shows that state."""
        text = f"pyexperiment did not show {name} {state} within {seconds:g} s"
        self._until(lambda: self._valve(name).get("state") == state, seconds, text)

    def evidence(self, name: str) -> str:
        """What the state rests on, and its age."""
        valve = self._valve(name)
        age = valve.get("age_s")
        return f"evidence: {valve.get('evidence')}, read {age:.1f} s ago" if age is not None else "never read"

    def why(self, name: str) -> list[str]:
        """What blocks it, as pyexperiment tells."""
        texts: list[str] = self.experiment.ask("Why", name, action="open")
        return texts

    def relays(self) -> list[tuple[str, bool]]:
        """Every movement of the instrument's relays: the truth."""
        lines = self._relays.read_text().splitlines() if self._relays.exists() else []
        moves = [json.loads(line) for line in lines]
        return [(str(m["address"]), bool(m["open"])) for m in moves]

    def steps_of_open(self, name: str, seconds: float) -> dict[int, tuple[float, str, str]]:
        """Wall time, node and words of each step of the call chain, as the nodes told them."""
        steps: dict[int, tuple[float, str, str]] = {}

        def complete() -> bool:
            steps.clear()
            for message in self.watch.heard():
                payload = message["payload"]
                for step in payload["steps"] if message["kind"] == "steps" else ():
                    steps.setdefault(step["number"], (step["time"], message["node"], step["text"]))
                change = message["kind"] == "valve" and payload["name"] == name and payload["state"] == "open"
                if change and message["node"] == "pyexperiment":
                    steps[10] = (message["heard"], message["node"], f"{name} is open ({payload['evidence']})")
            return len(steps) == 10

        self._until(complete, seconds, "")
        return steps

    @staticmethod
    def _until(condition: Any, seconds: float, text: str) -> None:
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                if text:
                    raise NotHappened(text)
                return
            time.sleep(0.05)
