"""The site of the live page: what it answers, to whom, and with which headers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from klein import Klein
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.server import Request, Site
from werkzeug.exceptions import HTTPException

from pychron.rpc.faults import Fault
from pychron.web.access import (
    COOKIE,
    SESSION_S,
    Forbidden,
    Sessions,
    check_host,
    check_origin,
    check_reader,
    is_loopback,
)
from pychron.web.live import Live
from pychron.web.past import Past
from pychron.web.reduction import Reduction, chart_svg, panel_svg, part
from pychron.web.requests import (
    address_of,
    cookie_of,
    headers_of,
    json_bytes,
    query_of,
    static_file,
    words_of,
)

STATIC = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "past.css": "text/css",
    "past.js": "text/javascript",
    "line.js": "text/javascript",
    "panels.js": "text/javascript",
    "words.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "reduction.css": "text/css",
    "reduction.js": "text/javascript",
}
LONGEST_BODY = 4096
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Act = Callable[[str, str, Request], Awaitable[dict[str, Any]]]
"""Verb, switch and request to what came of it; raises Fault or Forbidden."""


class PageSite:
    """Routes of one node's page."""

    log = Logger()
    app = Klein()

    def __init__(
        self,
        live: Live,
        names: tuple[str, ...],
        now: Callable[[], float],
        metrics: Callable[[], bytes] | None,
        sessions: Sessions,
        act: Act | None,
        acknowledge: Callable[[str, str, str], bool] | None = None,
    ) -> None:
        self._live = live
        self._names = names
        self._now = now
        self._metrics = metrics
        self._sessions = sessions
        self._act = act
        self.reduction: Reduction | None = None
        """Of a node that reduces; it has a page of its own"""
        self._acknowledge = acknowledge
        self.past: Past | None = None
        """Of a node that keeps a history"""
        self.refused = 0
        """Requests turned away by host, origin, token or session."""

    def site(self, clock: Any) -> Site:
        """For an endpoint. Nothing of a request is kept in a log."""
        made: Site = _Quiet(self.app.resource(), reactor=clock)  # type: ignore[no-untyped-call]
        return made

    # ---- reading

    @app.route("/", methods=["GET"])
    def page(self, request: Request) -> Any:
        """The page itself."""
        return self._read(
            request, lambda: (static_file("page.html"), "text/html; charset=utf-8"), navigates=True
        )

    @app.route("/static/<name>", methods=["GET"])
    def static(self, request: Request, name: str) -> Any:
        """Its parts."""
        if name not in STATIC:
            return self._nothing(request)
        return self._read(request, lambda: (static_file(name), f"{STATIC[name]}; charset=utf-8"))

    @app.route("/canvas.svg", methods=["GET"])
    def canvas(self, request: Request) -> Any:
        """The line as the lab drew it."""
        return self._read(request, lambda: (self._live.svg().encode(), "image/svg+xml; charset=utf-8"))

    @app.route("/state", methods=["GET"])
    def state(self, request: Request) -> Any:
        """Everything the page shows, as JSON."""
        return self._read(request, lambda: (json_bytes(self._state(request)), "application/json"))

    @app.route("/reduction", methods=["GET"])
    def reduced(self, request: Request) -> Any:
        """The running sample, control charts and repositories."""
        if self.reduction is None:
            return self._nothing(request)
        return self._read(
            request, lambda: (static_file("reduction.html"), "text/html; charset=utf-8"), navigates=True
        )

    @app.route("/reduction/part", methods=["GET"])
    def reduced_part(self, request: Request) -> Any:
        """What changes on it."""
        reduction = self.reduction
        if reduction is None:
            return self._nothing(request)
        return self._read(request, lambda: (part(reduction).encode(), "text/html; charset=utf-8"))

    @app.route("/reduction/panel/<name>.svg", methods=["GET"])
    def reduced_panel(self, request: Request, name: str) -> Any:
        """A figure of the running sample."""
        return self._drawn(request, panel_svg(self.reduction, name) if self.reduction is not None else None)

    @app.route("/reduction/chart/<int:number>.svg", methods=["GET"])
    def reduced_chart(self, request: Request, number: int) -> Any:
        """A control chart."""
        return self._drawn(request, chart_svg(self.reduction, number) if self.reduction is not None else None)

    def _drawn(self, request: Request, svg: str | None) -> Any:
        if svg is None:
            return self._nothing(request)
        return self._read(request, lambda: (svg.encode(), "image/svg+xml; charset=utf-8"))

    @app.route("/metrics", methods=["GET"])
    def metrics(self, request: Request) -> Any:
        """For Prometheus."""
        measure = self._metrics
        if measure is None:
            return self._nothing(request)
        return self._read(
            request, lambda: (measure(), "text/plain; version=0.0.4; charset=utf-8"), navigates=True
        )

    @app.route("/events", methods=["GET"])
    def events(self, request: Request) -> Any:
        """The stream: the whole state first, then each change."""
        try:
            self._admit(request)
            if self._live.streams.is_full:
                raise Forbidden("too many pages follow this node; close one", 503)
        except Forbidden as no:
            return self._refuse(request, no)
        request.setHeader("Content-Type", "text/event-stream")
        return self._live.streams.add(request, [("state", self._state(request))])

    @app.route("/history/<what>", methods=["GET"])
    def history(self, request: Request, what: str) -> Any:
        """The line, values and events of the past."""
        past = self.past
        if past is None:
            return self._nothing(request)
        try:
            self._admit(request)
        except Forbidden as no:
            return self._refuse(request, no)
        return Deferred.fromCoroutine(self._told(request, past.answer(what, query_of(request))))

    def _state(self, request: Request) -> dict[str, Any]:
        here = is_loopback(address_of(request))
        return {
            **self._live.state(),
            "may_act": self._act is not None and here,
            "may_tell": here,
            "has_past": self.past is not None,
            "must_sign_in": bool(self._sessions.token_sha256),
            "signed_in": self._sessions.holds(cookie_of(request), self._now()),
            "read_only_because": ""
            if self._act is not None and here
            else "this root does not turn moves on (actuate in setupfiles/web.yaml)"
            if self._act is None
            else "over plain HTTP from another machine the page is read-only",
        }

    # ---- changing

    @app.route("/session", methods=["POST"])
    def session(self, request: Request) -> Any:
        """A token for a cookie."""
        try:
            body = self._change(request)
            if not self._sessions.token_sha256:
                raise Forbidden("this page has no token; `pychron web token` makes one")
            cookie = self._sessions.exchange(str(body.get("token", "")), self._now())
        except Forbidden as no:
            return self._refuse(request, no)
        request.addCookie(
            COOKIE, cookie, path="/", max_age=str(int(SESSION_S)), httpOnly=True, sameSite="strict"
        )
        return self._answer(request, {"ok": True})

    @app.route("/act", methods=["POST"])
    def act(self, request: Request) -> Any:
        """Open, Close or Safe: with a session, and confirmed."""
        try:
            body = self._change(request)
            if self._act is None:
                raise Forbidden("this page is read-only; the root turns it on with actuate: true in web.yaml")
            self._signed_in(request)
            if body.get("confirm") is not True:
                raise Forbidden("each move is confirmed", 400)
        except Forbidden as no:
            return self._refuse(request, no)
        return Deferred.fromCoroutine(
            self._acted(request, str(body.get("verb", "")), str(body.get("switch", "")))
        )

    @app.route("/acknowledge", methods=["POST"])
    def acknowledge(self, request: Request) -> Any:
        """Somebody has an alert."""
        try:
            body = self._telling(request)
            acknowledge = self._acknowledge
            who = words_of(body, "who", 80)
            if acknowledge is None or not acknowledge(words_of(body, "alert", 500), who, "on the page"):
                raise Forbidden("there is no such alert any more", 404)
        except Forbidden as no:
            return self._refuse(request, no)
        self._live.look()
        return self._answer(request, {"ok": True})

    @app.route("/note", methods=["POST"])
    def note(self, request: Request) -> Any:
        """What a person writes into the log, about now or about a moment."""
        try:
            body = self._telling(request)
            if self.past is None:
                raise Forbidden("this node keeps no history", 404)
            time = body.get("time")
            if time is not None and (isinstance(time, bool) or not isinstance(time, int | float)):
                raise Forbidden("time is no number", 400)
            noted = self.past.note(words_of(body, "text", LONGEST_BODY), words_of(body, "who", 80), time)
        except Forbidden as no:
            return self._refuse(request, no)
        return Deferred.fromCoroutine(self._told(request, self._shared(noted)))

    async def _shared(self, noted: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        entry = await noted
        self._live.streams.say("note", entry)
        return {"ok": True, "note": entry}

    async def _told(self, request: Request, asked: Awaitable[Any]) -> bytes:
        try:
            return self._answer(request, await asked)
        except Forbidden as no:
            return self._refuse(request, no)

    async def _acted(self, request: Request, verb: str, switch: str) -> bytes:
        assert self._act is not None
        try:
            return self._answer(request, await self._act(verb, switch, request))
        except Forbidden as no:
            return self._refuse(request, no)
        except Fault as fault:
            request.setResponseCode(409)
            return self._answer(request, {"ok": False, "why": fault.why, "code": fault.code})

    def _change(self, request: Request) -> dict[str, Any]:
        """The body of a request that may change something. Raises Forbidden."""
        self._admit(request)
        headers = headers_of(request)
        check_origin(headers, headers.get("host", ""), self._names)
        if not is_loopback(address_of(request)):
            raise Forbidden(
                "over plain HTTP from another machine the page is read-only; come through an SSH tunnel"
            )
        data = request.content.read(LONGEST_BODY + 1) if request.content is not None else b""
        try:
            body = json.loads(data) if len(data) <= LONGEST_BODY else None
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Forbidden("the request must be one JSON object", 400)
        return body

    def _signed_in(self, request: Request) -> None:
        if not self._sessions.holds(cookie_of(request), self._now()):
            raise Forbidden("sign in with the token first", 401)

    def _telling(self, request: Request) -> dict[str, Any]:
        """The body of a request by which a person says something and nothing moves: a session is asked for where the root has a token."""
        body = self._change(request)
        if self._sessions.token_sha256:
            self._signed_in(request)
        return body

    # ---- answers

    def _admit(self, request: Request, navigates: bool = False) -> None:
        headers = headers_of(request)
        for name, value in HEADERS.items():
            request.setHeader(name, value)
        check_host(headers.get("host", ""), self._names)
        check_reader(headers, navigates)

    def _read(
        self, request: Request, make: Callable[[], tuple[bytes, str]], navigates: bool = False
    ) -> bytes:
        try:
            self._admit(request, navigates)
        except Forbidden as no:
            return self._refuse(request, no)
        data, kind = make()
        request.setHeader("Content-Type", kind)
        return data

    def _refuse(self, request: Request, no: Forbidden) -> bytes:
        self.refused += 1
        request.setResponseCode(no.status)
        return self._answer(request, {"ok": False, "why": no.why})

    def _nothing(self, request: Request, status: int = 404) -> bytes:
        try:
            self._admit(request)
        except Forbidden as no:
            return self._refuse(request, no)
        request.setResponseCode(status)
        return self._answer(request, {"ok": False, "why": "there is no such page"})

    @app.handle_errors(HTTPException)  # type: ignore[arg-type]
    def no_route(self, request: Request, failure: Failure) -> Any:
        """A path or a method that nothing answers."""
        return self._nothing(request, getattr(failure.value, "code", None) or 404)

    @staticmethod
    def _answer(request: Request, value: Mapping[str, Any]) -> bytes:
        request.setHeader("Content-Type", "application/json")
        return json_bytes(value)


class _Quiet(Site):
    """Writes no line a request: a page asks often, and a log of requests is nobody's."""

    noisy = False

    def log(self, request: Any) -> None:
        """Nothing."""
