"""An instrument of our own making at the far end of a TCP connection, for system tests: what its relays did is the truth.

It speaks as much SCPI as a 34970A with relay cards needs to (34970A Command Reference) and shares no code with the
program: a mistake in the emulator of `pychron simulate` would not be seen by tests that use it alone.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

DEVICE = """\
name: switch_controller
klass: AgilentGPActuator
general: {{power_up: emulated, on_computer_loss: emulated, late_s: {late}}}
communications: {{type: ethernet, host: 127.0.0.1, port: {port}, kind: TCP, timeout: {timeout}}}
"""
_DRIVE = re.compile(r"ROUT:(OPEN|CLOSE) \(@(\d+)\)\Z")
_QUERY = re.compile(r"ROUT:(OPEN|CLOSE)\? \(@([\d,]+)\)\Z")


@dataclass(frozen=True)
class Drive:
    """One command to a relay, as it was carried out."""

    address: str
    opens: bool
    at: float
    """time.monotonic(), which is one clock for all processes of a machine."""


class RelayBank:
    """Relays by slot and channel, all closed at the start. Use it as a context."""

    def __init__(self):
        self.drives: list[Drive] = []
        """Every command to a relay, whether it changed anything or not."""
        self.silent = False
        """It hears and does nothing, and says nothing."""
        self.answering = threading.Event()
        """While it is cleared, a relay moves at once and its acknowledgement waits: an instrument that is slow."""
        self.answering.set()
        self.listener: socket.socket | None = None
        self.port = 0
        self._open: set[str] = set()
        self._links: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._esr = "0"

    def __enter__(self):
        self.plug()
        return self

    def __exit__(self, *_):
        self.answering.set()
        self.unplug()
        for thread in self._threads:
            thread.join(10)

    def device_file(self, timeout_s, late_s):
        """What a root says to reach it."""
        return DEVICE.format(port=self.port, timeout=timeout_s, late=late_s)

    def is_open(self, address):
        return address in self._open

    def turned(self, address):
        """The directions in which that relay was driven."""
        return [d.opens for d in self.drives if d.address == address]

    def turn_by_hand(self, address, opens):
        """Somebody turns it at the front panel: no command of the node's."""
        (self._open.add if opens else self._open.discard)(address)

    def plug(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        self._start(self._accept, self.listener)

    def unplug(self):
        """Nobody listens, and every connection ends."""
        if self.listener is not None:
            _end(self.listener)
            self.listener = None
        for link in self._links:
            _end(link)
        self._links.clear()

    def _start(self, target, *arguments):
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener):
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._links.append(link)
            self._start(self._serve, link)

    def _serve(self, link):
        errors: list[str] = []
        try:
            with link, link.makefile("rb") as lines:
                for line in lines:
                    for reply in self._obey(line.decode("ascii").strip(), errors):
                        link.sendall(reply.encode() + b"\n")
        except (OSError, ValueError):
            return

    def _obey(self, text, errors):
        if self.silent:
            return []
        if text.startswith("*ESE "):
            self._esr = text[5:]
            return []
        if text == "*ESE?":
            return [f"+{self._esr}"]
        if text == "SYST:ERR?":
            self.answering.wait()
            return [errors.pop(0) if errors else '+0,"No error"']
        drive = _DRIVE.match(text)
        if drive is not None:
            address, opens = drive[2], drive[1] == "OPEN"
            (self._open.add if opens else self._open.discard)(address)
            self.drives.append(Drive(address, opens, time.monotonic()))
            return []
        query = _QUERY.match(text)
        if query is not None:
            wanted = query[1] == "OPEN"
            return [",".join(str(int((a in self._open) is wanted)) for a in query[2].split(","))]
        errors.append('-113,"Undefined header"')
        return []


def _end(link):
    with suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
    link.close()
