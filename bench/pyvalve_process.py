"""A real `twistd -n pyvalve` on a root that the bench wrote, and one connection to its command port."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pychron.cli.init import root_files

PROJECT = Path(__file__).parents[1]
LIMIT_S = 60.0
READY = "every part is set up"
VALVES = "setupfiles/extractionline/valves.yaml"
DEVICES = "setupfiles/devices"
PARK = "setupfiles/park.yaml"
DUMMY = "name: {name}\nklass: DummyGPActuator\ngeneral: {{power_up: dummy, on_computer_loss: dummy}}\n"


def valve(name: str, device: str, address: str) -> str:
    """An entry of valves.yaml without a settling time."""
    return f"- {{name: {name}, address: '{address}', actuator: {device}, settling_time: 0}}\n"


@contextmanager
def pyvalve(valves: str, devices: Mapping[str, str]) -> Iterator[int]:
    """Its command port. `devices`: name -> text of the file; all switches of a healthy device read before it yields."""
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        root = Path(folder) / "root"
        texts = {**root_files("valve", simulated=False), VALVES: valves}
        texts[PARK] = "on_node_stop: {do: hold}\n"
        del texts[f"{DEVICES}/switch_controller.yaml"]
        texts |= {f"{DEVICES}/{name}.yaml": text for name, text in devices.items()}
        name = "setupfiles/initialization.xml"
        first = next(iter(devices))
        texts[name] = texts[name].replace(">switch_controller<", f">{first}<")
        for name, text in texts.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, "utf-8")
        output = Path(folder) / "output.txt"
        twistd = str(Path(sys.executable).with_name("twistd"))
        command = [
            twistd,
            "-n",
            "pyvalve",
            "--root",
            str(root),
            "--port",
            "0",
            "--publish-port",
            "0",
            "--web-port",
            "0",
        ]
        with output.open("wb") as log:
            process = subprocess.Popen(
                command, env={**os.environ, "PYTHONPATH": str(PROJECT)}, cwd=folder, stdout=log, stderr=log
            )
        try:
            yield _port(process, output)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _port(process: subprocess.Popen[bytes], output: Path) -> int:
    ends = time.monotonic() + LIMIT_S
    while time.monotonic() < ends:
        text = output.read_text("utf-8", "replace")
        found = re.search(r"commands are taken at 127\.0\.0\.1:(\d+)", text)
        if READY in text and found:
            return int(found[1])
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"pyvalve did not start:\n{output.read_text('utf-8', 'replace')}")


class Asker:
    """One connection; a request and its reply at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10.0)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: str) -> bytes:
        """The reply with its line end. Raises RuntimeError where the connection ends."""
        self.socket.sendall(request.encode() + b"\r\n")
        reply = b""
        while not reply.endswith(b"\n"):
            data = self.socket.recv(65536)
            if not data:
                raise RuntimeError(f"the node closed the connection after {request}")
            reply += data
        return reply

    def until(self, request: str, replies: tuple[bytes, ...]) -> None:
        """Ask again and again until the reply is one of these."""
        ends = time.monotonic() + LIMIT_S
        while (reply := self.ask(request).strip()) not in replies:
            if time.monotonic() > ends:
                raise RuntimeError(f"{request} is still answered {reply!r}")
            time.sleep(0.05)

    def close(self) -> None:
        self.socket.close()
