"""Peers that speak bytes over in-memory connections: a world's `streams` for tests of what goes over the wire."""

from __future__ import annotations

import json
import re

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost, ConnectionRefusedError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.python.failure import Failure
from zope.interface import implementer

VERSION = {"name": "pychron-twisted", "version": "0.1", "dialect": "pychron-twisted 1", "simulated": False}


class Connection:
    """One accepted connection and the transport of its client. What it does happens in a later turn."""

    def __init__(self, peer, protocol):
        self.peer, self.protocol = peer, protocol
        self.got = b""
        self.over = False
        self.aborted = False

    def write(self, data):
        if not self.over:
            self.peer.clock.callLater(0, self._arrived, data)

    def _arrived(self, data):
        if not self.over and not self.aborted:
            self.got += data
            self.peer.received(self, data)

    def abortConnection(self):
        self.aborted = True
        self.peer.clock.callLater(0, self._end, ConnectionAborted())

    def loseConnection(self):
        self.peer.clock.callLater(0, self._end, ConnectionDone())

    def send(self, data):
        """To the client."""
        self.peer.clock.callLater(0, self._told, data)

    def _told(self, data):
        if not self.over and not self.aborted:
            self.protocol.dataReceived(data)

    def close(self, reason=None):
        """The peer ends it: after what it sent."""
        self.peer.clock.callLater(0, self._end, reason or ConnectionDone())

    def _end(self, reason):
        if not self.over:
            self.over = True
            self.protocol.connectionLost(Failure(reason))


@implementer(IStreamClientEndpoint)
class BytePeer:
    """Listens, refuses (`refuses`) or swallows (`unreachable`) connections."""

    def __init__(self, clock):
        self.clock = clock
        self.connections = []
        self.refuses = False
        self.unreachable = False

    def tcp_client(self, host, port, timeout_s):
        return self

    def connect(self, factory):
        if self.refuses:
            return fail(ConnectionRefusedError())
        if self.unreachable:
            return Deferred()
        protocol = factory.buildProtocol(None)
        connection = Connection(self, protocol)
        self.connections.append(connection)
        made = Deferred()

        def make():
            protocol.makeConnection(connection)
            made.callback(protocol)

        self.clock.callLater(0, make)
        return made

    def received(self, connection, data):
        raise AssertionError("told by its kind")

    def cut(self):
        for connection in self.connections:
            connection.close(ConnectionLost())

    def open_now(self):
        return [c for c in self.connections if not c.over]


class OwnBytes(BytePeer):
    """One of ours over a Controller: plain GetVersion, framed JSON with ids."""

    def __init__(self, clock, controller):
        super().__init__(clock)
        self.controller = controller
        self.requests = []
        self.split = 0
        self.silent = ()

    def received(self, connection, data):
        for line in data.splitlines():
            if line == b"GetVersion":
                self.answer(connection, json.dumps(VERSION).encode() + b"\r\n")
                continue
            counted, text = re.fullmatch(rb"\{([0-9A-F]{4})\}(.*)", line).groups()
            assert int(counted, 16) == len(text) + 8, line
            request = json.loads(text)
            self.requests.append(request)
            verb, key = request.pop("command"), request.pop("id")
            if verb in self.silent:
                continue
            if verb == "GetVersion":
                reply = {"id": key, "result": VERSION}
            else:
                reply = self.reply(key, verb, request.pop("value"), request)
            body = json.dumps(reply).encode() + b"\r\n"
            size = len(body) + 6 if len(body) + 6 <= 0xFFFF else len(body) + 7
            self.answer(connection, b"{%04X}%s" % (size, body))

    def reply(self, key, verb, value, members):
        try:
            return {"id": key, "result": self.controller.answer(verb, value, {**members, "id": key})}
        except Exception as fault:
            data = {"kind": fault.kind, "switch": fault.switch, "why": fault.why}
            return {"id": key, "error": {"code": fault.code, "text": fault.text, **data}}

    def answer(self, connection, data):
        if self.split:
            for i in range(0, len(data), self.split):
                connection.send(data[i : i + self.split])
        else:
            connection.send(data)


class InstalledBytes(BytePeer):
    """An installed server: one data read is one request; bare reply and FIN; no byte where it does not understand."""

    def __init__(self, clock, installed):
        super().__init__(clock)
        self.installed = installed
        self.requests = []
        self.pieces = 1

    def received(self, connection, data):
        self.requests.append(data)
        reply = self.installed.answer(data.decode().strip())
        if reply is None:
            return
        raw = reply.encode()
        size = max(1, -(-len(raw) // self.pieces))
        for i in range(0, len(raw), size):
            connection.send(raw[i : i + size])
        connection.close()
