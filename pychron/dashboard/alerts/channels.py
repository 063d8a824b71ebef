"""How a letter reaches people: SMTP, an HTTP POST, a program. Each returns when its receivers have it, or raises NotSent."""

from __future__ import annotations

import io
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.internet.ssl import optionsForClientTLS
from twisted.python.failure import Failure

from pychron.dashboard.alerts import letters
from pychron.dashboard.alerts.memory import Letter
from pychron.dashboard.alerts.specs import Channel, Mail, Program, Webhook
from pychron.runtime.deadlines import DeadlinePassed, within
from pychron.runtime.world import World

CONNECT_S = 10.0
SEND_S = 30.0


class NotSent(Exception):
    """It is not with its receiver. `why` is for a person, and never holds a password."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


Answer = tuple[str, int, str]
"""A receiver, the number that the server answered for it, and the words."""


@dataclass(slots=True)
class _Half:
    """A mail on its way to several receivers."""

    letter: Letter
    have: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    """For good, with the reason"""
    later: str = ""


class Sender:
    """Sends letters of one node."""

    def __init__(self, world: World, node: str, root: Path) -> None:
        self._world = world
        self._node = node
        self._root = root
        self._half: dict[str, _Half] = {}
        """By channel, the mail that some of its receivers have and others not yet."""

    async def send(self, channel: Channel, letter: Letter) -> str:
        """Who of several receivers was refused for good, and why; empty: all have it. Raises NotSent."""
        what = f"sending to {channel.name}"
        work: Awaitable[str]
        try:
            match channel:
                case Mail():
                    work = self._mail(channel, letter)
                case Webhook():
                    work = self._post(channel, letter)
                case Program():
                    work = self._program(channel, letter)
            return await within(self._world.wire, SEND_S, work, what)
        except DeadlinePassed as late:
            raise NotSent(str(late)) from late

    async def _mail(self, channel: Mail, letter: Letter) -> str:
        """One that was taken for some of its receivers goes to the others alone when it is tried again."""
        half = self._half.get(channel.name)
        if half is None or half.letter != letter:
            half = _Half(letter)
        where = f"{channel.host}:{channel.port}"
        for address, code, text in await self._converse(channel, letter, where, half):
            if code < 300:
                half.have.add(address)
            elif code >= 500:
                half.refused[address] = f"{where} refused {address}: {code} {text}"
            else:
                half.later = f"{where} put {address} off: {code} {text}"
        if len(half.have) + len(half.refused) < len(set(channel.to)):
            self._half[channel.name] = half
            raise NotSent(half.later)
        self._half.pop(channel.name, None)
        return "; ".join(half.refused.values())

    async def _converse(self, channel: Mail, letter: Letter, where: str, half: _Half) -> list[Answer]:
        """The server's answer for each receiver that has had none for good."""
        from twisted.mail.smtp import ESMTPSender, ESMTPSenderFactory

        to = [address for address in channel.to if address not in half.have | half.refused.keys()]
        text = letters.mail(
            letter.episode, letter.kind, self._node, channel, letter.id, letter.wall, self._world.simulated
        )
        password = self._password(channel)
        sent: Deferred[Any] = Deferred()
        starttls = channel.tls == "starttls"

        class Conversation(ESMTPSender):
            """A server that hangs up has not taken the letter."""

            def connectionLost(self, reason: Failure = connectionDone) -> None:
                super().connectionLost(reason)  # type: ignore[no-untyped-call]
                if not sent.called:
                    sent.errback(NotSent(f"{where} closed the connection"))

        factory = ESMTPSenderFactory(
            channel.user.encode() or None, password or None, channel.sender, to, io.BytesIO(text), sent,
            retries=0, timeout=None, contextFactory=optionsForClientTLS(channel.host) if starttls else None,
            requireAuthentication=bool(channel.user), requireTransportSecurity=starttls, hostname=channel.host,
        )  # fmt: skip
        factory.noisy = False
        factory.protocol = Conversation
        endpoint: IStreamClientEndpoint = self._world.streams.tcp_client(
            channel.host, channel.port, CONNECT_S
        )
        if channel.tls == "tls":
            endpoint = wrapClientTLS(optionsForClientTLS(channel.host), endpoint)
        await endpoint.connect(factory).addErrback(_not_sent, where)
        _, answers = await sent.addErrback(_the_rest, half).addErrback(_not_sent, where)
        return [
            (address.decode(), code, _line(said.decode("utf-8", "replace")))
            for address, code, said in answers
        ]

    def _password(self, channel: Mail) -> bytes:
        if not channel.password_file:
            return b""
        path = Path(channel.password_file).expanduser()
        path = path if path.is_absolute() else self._root / path
        try:
            if path.stat().st_mode & 0o077:
                raise NotSent(f"{path} can be read by others; chmod 600 it")
            return path.read_bytes().splitlines()[0].strip()
        except (OSError, IndexError) as problem:
            raise NotSent(f"{path}: its first line must be the password ({problem})") from problem

    async def _post(self, channel: Webhook, letter: Letter) -> str:
        data, headers = letters.webhook(
            letter.episode, letter.kind, self._node, channel, self._world.simulated
        )
        await fetch(self._world, "POST", channel.url, data, headers)
        return ""

    async def _program(self, channel: Program, letter: Letter) -> str:
        environment = letters.environment(letter.episode, letter.kind, self._node, self._world.simulated)
        if self._world.processes is None:
            raise NotSent("this world runs no program")
        try:
            done = await self._world.processes.run(channel.arguments, self._root, environment, SEND_S)
        except OSError as problem:
            raise NotSent(
                f"{channel.arguments[0]} cannot be started: {problem.strerror or problem}"
            ) from problem
        if done.status != 0:
            said = done.error.decode("utf-8", "replace").strip().splitlines()
            raise NotSent(f"{channel.arguments[0]} ended with {done.status}{f': {said[-1]}' if said else ''}")
        return ""


async def fetch(
    world: World, method: str, url: str, data: bytes = b"", headers: dict[str, str] | None = None
) -> None:
    """One HTTP request that must end with 2xx. Raises NotSent."""
    from treq.client import HTTPClient
    from twisted.web.client import Agent, HTTPConnectionPool

    clock: Any = world.wire
    pool = HTTPConnectionPool(clock, persistent=False)
    client = HTTPClient(Agent.usingEndpointFactory(clock, _Endpoints(world), pool))
    sent: Any = dict(headers or {})
    asked = client.request(method, url, data=data or None, headers=sent, allow_redirects=False)
    answer = await asked.addErrback(_not_sent, _host(url))
    await answer.content().addErrback(_not_sent, _host(url))
    if not 200 <= answer.code < 300:
        raise NotSent(f"{_host(url)} answered {answer.code}")


class _Endpoints:
    """HTTP over the world's streams."""

    def __init__(self, world: World) -> None:
        self._world = world

    def endpointForURI(self, uri: Any) -> IStreamClientEndpoint:
        """As twisted.web.client asks for it."""
        host = uri.host.decode()
        endpoint: IStreamClientEndpoint = self._world.streams.tcp_client(host, uri.port, CONNECT_S)
        return wrapClientTLS(optionsForClientTLS(host), endpoint) if uri.scheme == b"https" else endpoint


def _host(url: str) -> str:
    """A URL may hold a secret in its path: only the host is told."""
    from urllib.parse import urlsplit

    return urlsplit(url).netloc.rpartition("@")[2]


def _not_sent(failure: Failure, where: str) -> Failure:
    """Whatever a server does wrong is one thing: the letter is not with its receiver."""
    if failure.check(NotSent, CancelledError):
        return failure
    return Failure(NotSent(f"{where}: {_said(failure.value)}"))


def _the_rest(failure: Failure, half: _Half) -> tuple[int, list[tuple[bytes, int, bytes]]]:
    """Nobody was accepted: where others have the mail already, that is an answer for each of these."""
    from twisted.mail.smtp import SUCCESS, SMTPDeliveryError

    failure.trap(SMTPDeliveryError)
    answers: list[tuple[bytes, int, bytes]] = getattr(failure.value, "addresses", [])
    if not half.have or any(code in SUCCESS for _, code, _ in answers):
        failure.raiseException()
    return 0, answers


def _said(problem: BaseException | None) -> str:
    reasons = getattr(problem, "reasons", None)
    if reasons:
        problem = reasons[0].value
    return _line(str(problem)) or type(problem).__name__


def _line(text: str) -> str:
    return " ".join(text.split())[:200]
