"""Switches of another valve server, installed or ours, by name: `Open X` in plain text, one connection a request.

The server replies to an actuation when it has ended: so its reply is the order in which things happened, and what is
read after it is read after the move. That holds until an actuation is left without a reply, so each such begins a new
epoch; then only what is read after `late_s`, twice alike, is believed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectError, ConnectingCancelledError, ConnectionDone
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.hardware.driver import Driver, Setting
from pychron.hardware.interfaces import (
    Evidence,
    IActuator,
    Mark,
    NoAnswer,
    NotBegun,
    Reading,
    Rejected,
    Unavailable,
)
from pychron.hardware.turns import Turns
from pychron.runtime.deadlines import DeadlinePassed, within

LATE_S = 5.0
TRUE = ("true", "t", "yes", "y", "1", "ok", "open")
FALSE = ("false", "f", "no", "n", "0", "closed")
LONGEST_REPLY = 4096
UNCERTAIN = (4, 10)
"""Numbers of errors after which the other server's own device may still act: 010 where it did not answer, and 004, which an
installed server gives for that too."""
_LINE_END = re.compile(rb"[\r\n\0]")
_ERROR = re.compile(r"ERROR\s*:?\s*(\d+)", re.IGNORECASE)


def check_address(address: str) -> str:
    """A switch's name on the other server."""
    if re.fullmatch(r"[!-~]+", address):
        return ""
    return f"{address!r} is no name of a switch; write its name on the other server, without blanks"


def _says_simulated(version: str) -> bool:
    try:
        told = json.loads(version)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("simulated") is True


class _Request(Protocol):
    """One connection. `reply` fires once, with what came until the end of the line or of the connection."""

    def __init__(self) -> None:
        self._came = b""
        self.reply: Deferred[str] = Deferred(lambda _: None)

    def dataReceived(self, data: bytes) -> None:
        self._came += data
        line, *more = _LINE_END.split(self._came.lstrip(b"\r\n\0"), maxsplit=1)
        if more or len(self._came) > LONGEST_REPLY:
            self._replied(line)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        # An installed server ends its reply by closing. A connection that breaks ends nothing.
        self._replied(self._came if reason.check(ConnectionDone) else b"")

    def _replied(self, line: bytes) -> None:
        if not self.reply.called:
            self.reply.callback(line.decode("utf-8", "replace").strip())

    def ask(self, text: str) -> None:
        """Send the request."""
        assert self.transport is not None
        self.transport.write(f"{text}\r\n".encode("ascii"))

    def abort(self) -> None:
        """Close at once."""
        transport: Any = self.transport
        getattr(transport, "abortConnection", transport.loseConnection)()


@implementer(IActuator)
class PychronGPActuator:
    """One request at a time, urgent ones first."""

    readable = True
    evidence = Evidence.RELAY

    def __init__(
        self,
        name: str,
        endpoint: IStreamClientEndpoint,
        wire: IReactorTime,
        timeout_s: float = LATE_S,
        late_s: float = LATE_S,
        only_real: bool = False,
    ) -> None:
        """`only_real`: a server that says that it is simulated is neither believed nor opened (safety rule 21)."""
        self.name = name
        self.late_s = late_s
        self.connected = True
        """False after a request that could not connect."""
        self._endpoint = endpoint
        self._wire = wire
        self._timeout_s = timeout_s
        self._turns = Turns()
        self._epoch = 1
        self._closed = False
        self._only_real = only_real
        self._proven = 0
        """The epoch in which it was asked what it is; 0: not since it was last away."""

    def validate(self, address: str) -> str:
        """A switch's name."""
        return check_address(address)

    async def drive(self, address: str, on: bool, begin: Callable[[], bool], urgent: bool = False) -> Mark:
        """`begin` is called when the server has accepted the connection: what cannot be reached is not begun."""
        verb = "Open" if on else "Close"
        problem = check_address(address)
        if problem:
            raise Unavailable(f"{self.name}: {problem}")
        await self._turns.take(urgent)
        try:
            if on:
                await self._prove()
            mark, reply = await self._ask(f"{verb} {address}", begin)
            if reply.lower() in TRUE:
                return mark
            error = _ERROR.match(reply)
            if (error and int(error[1]) not in UNCERTAIN) or reply.lower() in FALSE:
                raise Rejected(f"{self.name} replied to {verb} {address}: {reply}")
            said = f"replied {reply[:80]!r}" if reply else "closed the connection without a reply"
            raise NoAnswer(f"{self.name} {said} to {verb} {address}", mark)
        except NoAnswer:
            self._epoch += 1
            raise
        finally:
            self._turns.give()

    async def read(self, addresses: Sequence[str]) -> Mapping[str, Reading]:
        """One request a switch; each takes a turn, so that a close need not wait for them all."""
        found: dict[str, Reading] = {}
        for address in addresses:
            if check_address(address):
                continue
            await self._turns.take()
            try:
                await self._prove()
                mark, reply = await self._ask(f"GetIndicatorState {address}")
            finally:
                self._turns.give()
            if not reply:
                raise NoAnswer(f"{self.name} closed the connection without a reply", mark)
            word = reply.lower()
            found[address] = Reading(True if word in TRUE else False if word in FALSE else None, mark)
        return found

    async def _prove(self) -> None:
        """Raises Unavailable where it is simulated, or does not say. An installed server has no such word: it is real."""
        if not self._only_real or self._proven == self._epoch:
            return
        try:
            _, reply = await self._ask("GetVersion")
        except NoAnswer as silent:
            raise Unavailable(str(silent)) from silent
        if _says_simulated(reply):
            raise Unavailable(
                f"{self.name}: its server is simulated and this node is not; write accept_simulated: true in its file if it is meant"
            )
        self._proven = self._epoch

    async def _ask(self, text: str, begin: Callable[[], bool] = lambda: True) -> tuple[Mark, str]:
        """When it was asked, and the reply: empty where the connection ended without one."""
        request = await self._connect()
        try:
            if not begin():
                raise NotBegun("")
            mark = Mark(self._epoch, float(self._wire.seconds()))
            request.ask(text)
            return mark, await within(self._wire, self._timeout_s, request.reply, self.name)
        except (DeadlinePassed, CancelledError):
            raise NoAnswer(
                f"{self.name} did not reply to {text} within {self._timeout_s:g} s", mark
            ) from None
        finally:
            request.abort()

    async def _connect(self) -> _Request:
        if self._closed:
            raise Unavailable(f"{self.name} is closed")
        connecting = self._endpoint.connect(Factory.forProtocol(_Request))
        try:
            request: Any = await within(self._wire, self._timeout_s, connecting, self.name)
        except (DeadlinePassed, ConnectError, ConnectingCancelledError, OSError) as problem:
            self.connected, self._proven = False, 0
            raise Unavailable(f"{self.name} cannot be reached ({problem}); look at its server") from None
        self.connected = True
        found: _Request = request
        return found

    async def close(self) -> None:
        """Ask no more. Sends nothing."""
        self._closed = True
        self.connected = False


def make(setting: Setting) -> PychronGPActuator:
    """From a device file: `[Communications] host, port`, `[General] late_s, accept_simulated`. A reply may take `late_s`: it comes when
    the move has ended."""
    late_s = setting.seconds("late_s", LATE_S)
    only_real = not setting.world.simulated and not setting.flag("accept_simulated", default=False)
    return PychronGPActuator(setting.name, setting.endpoint(), setting.world.wire, late_s, late_s, only_real)


DRIVER = Driver(
    klass="PychronGPActuator",
    make=make,
    validate=check_address,
    power_up="what the other server's own devices do; on loss of this computer nothing moves",
)
