"""A real pyvalve on a root from `pychron init`, and clients that share no code with it."""

from __future__ import annotations

import json
import re
import signal
import socket
from pathlib import Path

from pychron.cli.init import root_files
from tests.system.twistd_process import Foreground, until

READY = "every part is set up"


class ValveNode:
    """pyvalve with its relays at `bank` (which writes its device file), or emulated in its own process where there is none.

    The valves are those of `pychron init valve`: A 101 (interlocks C, F), B 102, C 103, D 104, F 105, G 106.
    """

    def __init__(self, folder, bank=None, *, settling_s=0.0, timeout_s=1.0, late_s=0.3, options=()):
        self.folder = folder
        self.root = folder / "valve"
        self.options = options
        self.port = self.publish_port = self.web_port = 0
        self.twistd: Foreground | None = None
        self._peers: list[Peer] = []
        for name, text in root_files("valve", simulated=bank is None).items():
            if name.endswith("valves.yaml"):
                text = text.replace("settling_time: 0.25", f"settling_time: {settling_s}")
            if name.endswith("switch_controller.yaml") and bank is not None:
                text = bank.device_file(timeout_s, late_s)
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, "utf-8")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        for peer in self._peers:
            peer.close()
        if self.twistd is not None and self.twistd.process.poll() is None:
            self.twistd.process.send_signal(signal.SIGCONT)
            self.twistd.stop()

    def start(self, *, read=True):
        """Start it, on the same ports again; with `read`, until each switch has been read."""
        ports = ("--port", str(self.port), "--publish-port", str(self.publish_port), "--web-port", "0")
        self.twistd = Foreground(self.folder, "pyvalve", "--root", str(self.root), *ports, *self.options)
        try:
            self._started(read)
        except BaseException:
            self.kill()
            raise

    def _started(self, read):
        self.twistd.wait_for(READY)
        log = self.twistd.text()
        self.port = said(log, r"commands are taken at 127\.0\.0\.1:(\d+)")
        self.publish_port = said(log, r"broadcasts on 127\.0\.0\.1:(\d+)")
        self.web_port = said(log, r"the live page is http://127\.0\.0\.1:(\d+)/")
        if read:
            wait_until_read(self.port)

    def kill(self):
        self.twistd.process.kill()
        self.twistd.process.wait()

    def freeze(self):
        self.twistd.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.twistd.process.send_signal(signal.SIGCONT)

    def memory_kb(self):
        """Resident memory of the process."""
        return said(Path(f"/proc/{self.twistd.process.pid}/status").read_text(), r"VmRSS:\s+(\d+)")

    # ---- asking

    def connect(self, source="127.0.0.1"):
        """A connection that is closed with the node at the latest."""
        peer = Peer(self.port, source=source)
        self._peers.append(peer)
        return peer

    def ask(self, text, limit_s=10.0):
        """One plain request on a connection of its own; its reply without the line end."""
        with Peer(self.port, limit_s) as peer:
            return peer.ask(text)

    def json(self, command, value="", limit_s=10.0, **members):
        """One request in the JSON form with an id: {"result": ...} or {"error": {...}}."""
        return ask_json(self.port, command, value, limit_s, **members)

    def valves(self):
        """ListValves, by name, without the one that is turned by hand."""
        return valves_of(self.port)

    def state(self, name):
        return self.valves()[name]["state"]

    def wait_for_state(self, name, state, limit_s=20.0):
        until(lambda: self.state(name) == state, f"{name} is {state}", limit_s)


class Peer:
    """One connection to the command port, or to the node's own socket where a path is said: bytes in, lines out."""

    def __init__(self, port, limit_s=10.0, source="127.0.0.1"):
        if isinstance(port, Path):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(limit_s)
            self.socket.connect(str(port))
        else:
            self.socket = socket.create_connection(("127.0.0.1", port), limit_s, (source, 0))
        self._rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode() + b"\r\n")

    def line(self):
        """The next reply; "" where the connection ended instead."""
        while b"\n" not in self._rest:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return ""
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode().rstrip("\r")

    def ask(self, data):
        self.send(data)
        return self.line()

    def close(self):
        self.socket.close()

    def reset(self):
        """End it as a client does whose process is killed with data unread: RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()


def ask_json(port, command, value="", limit_s=10.0, **members):
    """One request in the JSON form with an id: {"result": ...} or {"error": {...}}."""
    request = {"command": command, "value": value, "id": "test", **members}
    with Peer(port, limit_s) as peer:
        return json.loads(peer.ask(json.dumps(request)))


def valves_of(port):
    """ListValves, by name, without those that are turned by hand."""
    found = ask_json(port, "ListValves")["result"]["valves"]
    return {v["name"]: v for v in found if v["kind"] != "manual_valve"}


def wait_until_read(port):
    """Until then no switch opens: its first read-back has not come."""
    until(lambda: all(v["evidence"] for v in valves_of(port).values()), "every switch is read")


def said(log, pattern):
    """A number that the log tells."""
    found = re.search(pattern, log)
    assert found, log
    return int(found[1])
