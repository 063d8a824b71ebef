"""Who may see the page and who may move something through it: names, origins, tokens, sessions. Pure.

A browser is a hostile client (decisions, Exposure 2): any page in it can send requests here. What it cannot do is name us as its origin,
hold a cookie that we gave with SameSite=Strict, or read an answer.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

SESSION_S = 12 * 3600.0
WRONG_A_MINUTE = 5
MOST_SESSIONS = 100
COOKIE = "pychron_session"
_FOREIGN = ("cross-site", "same-site")


class Forbidden(Exception):
    """Not allowed. `why` is for the person, and never holds a secret."""

    def __init__(self, why: str, status: int = 403) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


def own_names(
    bound: str, hostname: str, more: Collection[str], addresses: Collection[str] = ()
) -> tuple[str, ...]:
    """Names by which a browser may call this node. `addresses` are the machine's own ("192.168.1.5/24"), for a page that listens on all of them:
    a number cannot be rebound.
    """
    names = ["localhost", "127.0.0.1", "::1", hostname.lower(), *more]
    if bound in ("", "0.0.0.0", "::"):
        names += [address.partition("/")[0].lower() for address in addresses]
    else:
        names.append(bound.lower())
    return tuple(dict.fromkeys(name for name in names if name))


def host_of(header: str) -> str:
    """`[::1]:8888` -> `::1`; empty for what is no host."""
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""


def check_host(header: str, names: Collection[str]) -> None:
    """A rebound name reads nothing: the request must call us by a name of ours. Raises Forbidden."""
    if host_of(header) not in names:
        raise Forbidden(
            f"this node is not called {host_of(header) or 'that'}; use one of its own names, or write it under names: in web.yaml"
        )


def check_reader(headers: Mapping[str, str], navigates: bool) -> None:
    """No other site's page may read or embed anything; a link that a person follows may lead here. Raises Forbidden."""
    if headers.get("sec-fetch-site") in _FOREIGN and not (
        navigates and headers.get("sec-fetch-mode") == "navigate"
    ):
        raise Forbidden("this page is not for other sites")


def check_origin(headers: Mapping[str, str], host: str, names: Collection[str]) -> None:
    """What changes something must come from our own page: the origin is our host and port, in JSON. Raises Forbidden."""
    origin = headers.get("origin", "")
    try:
        parts = urlsplit(origin)
    except ValueError:
        raise Forbidden("the request has an origin that is none") from None
    if parts.netloc.lower() != host.lower() or (parts.hostname or "") not in names:
        raise Forbidden("the request does not come from this node's own page")
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Forbidden("the request must be JSON", 415)


def is_loopback(address: str) -> bool:
    """Whether a peer sits on this machine."""
    try:
        return ip_address(address.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False


def digest(token: str) -> str:
    """As web.yaml keeps it."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(slots=True)
class Sessions:
    """Tokens for cookies. Times are wire seconds."""

    token_sha256: str
    draw: Callable[[], str]
    """A new secret of 256 bits, as text"""
    _until: dict[str, float] = field(default_factory=dict)
    """By the cookie's hash"""
    _wrong: list[float] = field(default_factory=list)

    def exchange(self, token: str, now: float) -> str:
        """The cookie's value for the right token. Raises Forbidden: after five wrong ones in a minute nobody gets one for the rest of it."""
        self._wrong = [at for at in self._wrong if now - at < 60.0]
        if len(self._wrong) >= WRONG_A_MINUTE:
            raise Forbidden("too many wrong tokens; wait a minute", 429)
        if not self.token_sha256 or not hmac.compare_digest(digest(token), self.token_sha256):
            self._wrong.append(now)
            raise Forbidden("the token is not right", 401)
        cookie = self.draw()
        self._until = {key: until for key, until in self._until.items() if until > now}
        while len(self._until) >= MOST_SESSIONS:
            del self._until[min(self._until, key=self._until.__getitem__)]
        self._until[digest(cookie)] = now + SESSION_S
        return cookie

    def holds(self, cookie: str, now: float) -> bool:
        """Whether it is one of ours and not too old."""
        return self._until.get(digest(cookie), 0.0) > now if cookie else False

    def end(self, cookie: str) -> None:
        """Forget it."""
        self._until.pop(digest(cookie), None)
