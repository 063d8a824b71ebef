"""A small blocking client of the command port: one connection, one request, one reply."""

from __future__ import annotations

import getpass
import json
import os
import re
import socket
import struct
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal
from uuid import uuid4

from pychron.cli.address import Address
from pychron.cli.exits import Refused, Unreached

Form = Literal["json", "plain", "framed"]
_PREFIX = re.compile(r"\{[0-9A-Fa-f]{4,}\}")
LONGEST_REPLY = 16 * 1024 * 1024
BEGUN_WITHIN_S = 2.0
"""A node does not begin an actuation that has waited longer than this for its turn."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the node said. `code` is its wire fault's number, 0 where it did as it was asked."""

    result: Any = None
    code: int = 0
    text: str = ""

    @property
    def words(self) -> str:
        """As plain clients read it."""
        if self.code:
            return f"ERROR {self.code:03d} : {self.text}"
        if self.result is None:
            return "No Response"
        if isinstance(self.result, bool):
            return "OK" if self.result else "False"
        if isinstance(self.result, str):
            return self.result
        if isinstance(self.result, dict | list):
            return json.dumps(self.result, indent=2, ensure_ascii=False)
        return repr(self.result)

    @property
    def document(self) -> dict[str, Any]:
        """As `--json` prints it."""
        if self.code:
            return {"error": {"code": self.code, "text": self.text}}
        return {"result": self.result}


@dataclass(slots=True)
class Client:
    """Speaks to one node. Every method raises Unreached where nobody answers."""

    address: Address
    timeout_s: float = 10.0
    _boot: str = field(default_factory=lambda: uuid4().hex[:12])
    _counter: count[int] = field(default_factory=lambda: count(1))

    @property
    def who(self) -> str:
        """What the user of this computer is called: for audits, never for rights."""
        try:
            return getpass.getuser()
        except (OSError, KeyError):
            return "somebody"

    def ask(self, verb: str, argument: str = "", **members: Any) -> Reply:
        """One request in the JSON form, with an identity: the same one never drives twice."""
        request = {"command": verb, "value": argument, **members, "id": f"{self._boot}:{next(self._counter)}"}
        request.setdefault("within", min(BEGUN_WITHIN_S, self.timeout_s))
        line = json.dumps(request, ensure_ascii=False)
        return read_reply(self._exchange(line.encode() + b"\r\n"))

    def send(self, text: str, form: Form) -> Reply:
        """One request as a person typed it, `Open A`, in one of the three forms; a JSON object goes as it is."""
        if form == "json" and text.startswith("{"):
            return self.send(text, "plain")
        if form == "json":
            verb, _, argument = text.partition(" ")
            return self.ask(verb, argument)
        return read_reply(self._exchange(framed(text) if form == "framed" else text.encode() + b"\r\n"))

    def must(self, verb: str, argument: str = "", **members: Any) -> Any:
        """The result of a request; a refusal ends the command with what the node said."""
        reply = self.ask(verb, argument, **members)
        if reply.code:
            raise Refused(f"{self.address} refused: {reply.text}")
        return reply.result

    def _exchange(self, request: bytes) -> bytes:
        try:
            link = self._connect()
        except OSError as failed:
            raise Unreached(
                f"{self.address}: {_reason(failed)}; is the node running, and is this its address?"
            ) from None
        with link:
            try:
                link.sendall(request)
                return self._read_line(link)
            except (TimeoutError, KeyboardInterrupt) as ended:
                # An abort instead of a close: the node sees at once that nobody waits, and begins nothing.
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                late = isinstance(ended, TimeoutError)
                why = f"no reply within {self.timeout_s:g} s" if late else "interrupted before the reply"
                raise Unreached(
                    f"{self.address}: {why}; what was asked may have happened: look before you ask again"
                ) from None
            except OSError as failed:
                raise Unreached(
                    f"{self.address}: {_reason(failed)} before the reply; look before you ask again"
                ) from None

    def _connect(self) -> socket.socket:
        if not self.address.path:
            return socket.create_connection((self.address.host, self.address.port), self.timeout_s)
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(self.timeout_s)
        try:
            link.connect(self.address.path)
        except OSError:
            link.close()
            raise
        return link

    def _read_line(self, link: socket.socket) -> bytes:
        """Up to a line end, or to the end of the connection: installed servers end no line and close."""
        held = bytearray()
        while b"\n" not in held and len(held) < LONGEST_REPLY:
            got = link.recv(65536)
            if not got:
                break
            held += got
        if not held:
            raise Unreached(
                f"{self.address}: the connection was closed without a reply; the node's log says why"
            )
        return bytes(held.partition(b"\n")[0])


def framed(text: str) -> bytes:
    """`{HHHH}` + text + CRLF; the digits count all of it."""
    body = text.encode()
    return b"{%04X}%s\r\n" % (len(body) + 8, body)


def read_reply(line: bytes) -> Reply:
    """A JSON reply with an id, or the words of the plain form; either may be framed."""
    text = _PREFIX.sub("", line.decode("utf-8", "replace").strip())
    if text.startswith("{"):
        try:
            document = json.loads(text)
        except ValueError:
            return Reply(text)
        if isinstance(document, dict) and ("result" in document or "error" in document):
            fault = document.get("error")
            if isinstance(fault, dict):
                code = fault.get("code")
                return Reply(
                    code=code if isinstance(code, int) and code > 0 else 2, text=str(fault.get("text", ""))
                )
            return Reply(document.get("result"))
        return Reply(document)
    if text.startswith("ERROR "):
        number, _, why = text.removeprefix("ERROR ").partition(" : ")
        return Reply(code=int(number) if number.isdigit() else 2, text=why or text)
    return Reply(text)


def _reason(failed: OSError) -> str:
    if isinstance(failed, TimeoutError):
        return "no answer to the connection"
    if isinstance(failed, socket.gaierror):
        return "no such host"
    return os.strerror(failed.errno).lower() if failed.errno else str(failed)
