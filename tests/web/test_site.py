"""The site over real HTTP bytes in memory: who gets what, from where, with which headers."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from pychron.broadcast.frames import Snapshot
from pychron.rpc.faults import Fault
from pychron.web.access import WRONG_A_MINUTE, Sessions, digest, own_names
from pychron.web.live import Live
from pychron.web.site import HEADERS, LONGEST_BODY, STATIC, PageSite
from pychron.web.streams import MOST_BROWSERS

TOKEN = "the right token"
HERE, ELSEWHERE = "127.0.0.1", "192.0.2.7"
HOST = "localhost:8888"


class Notifier:
    def follow(self, told):
        return lambda: None

    def number(self):
        return 7

    def snapshot(self):
        valves = [{"name": "A", "state": "closed"}]
        return Snapshot(
            "pyvalve", "boot", 7, 100.0, {"extraction_line": {"valves": valves, "alarms": []}}, True
        )


class SiteTests(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.moved = []
        self.acknowledged = []
        self.fault = None
        self.make()

    def make(self, token=TOKEN, act=True):
        world = SimpleNamespace(wire=self.clock, boot="boot", simulated=True, wall=lambda: 100.0)
        self.live = Live(world, "pyvalve", Notifier(), None, act, {}, {})
        cookies = iter(f"cookie {n}" for n in range(100))
        sessions = Sessions(digest(token) if token else "", lambda: next(cookies).replace(" ", "-"))
        self.page = PageSite(
            self.live,
            own_names("0.0.0.0", "lab-pi", ()),
            self.clock.seconds,
            lambda: b"pychron_alive 1.0\n",
            sessions,
            self.act if act else None,
            self.acknowledge,
        )
        self.site = self.page.site(self.clock)

    async def act(self, verb, switch, request):
        if self.fault is not None:
            raise self.fault
        self.moved.append((verb, switch))
        return {"ok": True, "result": True}

    def acknowledge(self, key, who, note):
        self.acknowledged.append((key, who))
        return key == "hot"

    def ask(self, method, path, body=b"", address=HERE, **headers):
        """Status, headers and body of the answer."""
        given = {
            "host": HOST,
            "content-length": str(len(body)),
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value is not None)
        transport = StringTransport(peerAddress=IPv4Address("TCP", address, 5555))
        protocol = self.site.buildProtocol(IPv4Address("TCP", address, 5555))
        protocol.makeConnection(transport)
        protocol.dataReceived(f"{method} {path} HTTP/1.0\r\n{head}\r\n".encode() + body)
        raw = transport.value()
        head, _, answer = raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        got = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            got[name.lower()] = value
        return int(lines[0].split()[1]), got, answer

    def post(self, path, value, address=HERE, **headers):
        own = {"origin": f"http://{HOST}", "content_type": "application/json", **headers}
        status, got, answer = self.ask("POST", path, json.dumps(value).encode(), address, **own)
        return status, got, json.loads(answer)

    def sign_in(self):
        status, got, _ = self.post("/session", {"token": TOKEN})
        self.assertEqual(status, 200)
        return got["set-cookie"]

    # ---- reading

    def test_every_answer_carries_the_policy(self):
        for path in (
            "/",
            "/state",
            "/canvas.svg",
            "/metrics",
            "/static/page.js",
            "/static/nothing.js",
            "/nothing",
            "/act",
        ):
            _, got, _ = self.ask("GET", path)
            for name, value in HEADERS.items():
                self.assertEqual(got.get(name.lower()), value, path)

    def test_a_rebound_name_reads_nothing(self):
        for path in ("/", "/state", "/canvas.svg", "/metrics", "/events", "/static/page.js", "/history/then"):
            for host in ("evil.example:8888", "", "192.0.2.1@evil.example"):
                status, _, answer = self.ask("GET", path, host=host)
                self.assertIn(status, (400, 403, 404), path)
                self.assertNotIn(b"pyvalve", answer)

    def test_another_sites_page_reads_nothing(self):
        for path in ("/state", "/events", "/canvas.svg", "/metrics"):
            status, _, _ = self.ask("GET", path, sec_fetch_site="cross-site", sec_fetch_mode="no-cors")
            self.assertEqual(status, 403, path)

    def test_a_link_that_a_person_follows_leads_here(self):
        status, _, _ = self.ask("GET", "/", sec_fetch_site="cross-site", sec_fetch_mode="navigate")
        self.assertEqual(status, 200)

    def test_what_the_page_loads_is_there_and_is_packed(self):
        static = files("pychron.web") / "static"
        loaded = set()
        for name in STATIC:
            status, got, answer = self.ask("GET", f"/static/{name}")
            self.assertEqual((status, got["content-type"].partition(";")[0]), (200, STATIC[name]))
            self.assertEqual(answer, (static / name).read_bytes())
        for name in ("page.html", "reduction.html", *STATIC):
            loaded.update(re.findall(r"/static/([\w.]+)", (static / name).read_text("utf-8")))
        self.assertEqual(loaded - set(STATIC), set())
        packed = (Path(__file__).parents[2] / "setup.cfg").read_text("utf-8")
        for one in static.iterdir():
            self.assertIn(f"*.{one.name.rpartition('.')[2]},", packed)
        self.assertNotIn(
            "http", "".join(re.findall(r'(?:src|href)="([^"]*)', (static / "page.html").read_text()))
        )

    def test_only_so_many_pages_follow(self):
        self.live.streams._browsers.extend([object()] * MOST_BROWSERS)
        self.assertEqual(self.ask("GET", "/events")[0], 503)
        self.live.streams._browsers.clear()

    def test_the_stream_begins_with_the_whole_state(self):
        status, got, answer = self.ask("GET", "/events")
        self.assertEqual((status, got["content-type"]), (200, "text/event-stream"))
        state = json.loads(re.search(rb"event: state\ndata: (.*)\n\n", answer)[1])
        self.assertEqual(
            (state["node"], state["simulated"], state["valves"][0]["name"]), ("pyvalve", True, "A")
        )

    # ---- changing

    def test_the_token_gives_a_cookie_that_no_script_and_no_other_site_gets(self):
        cookie = self.sign_in()
        self.assertIn("HttpOnly", cookie)
        self.assertIn("SameSite=Strict".lower(), cookie.lower())
        self.assertIn("Max-Age=43200", cookie)
        self.assertNotIn(TOKEN, cookie)

    def test_five_wrong_tokens_a_minute(self):
        for _ in range(WRONG_A_MINUTE):
            self.assertEqual(self.post("/session", {"token": "wrong"})[0], 401)
        self.assertEqual(self.post("/session", {"token": TOKEN})[0], 429)
        self.clock.advance(60.0)
        self.sign_in()

    def test_a_move_takes_session_origin_and_confirmation(self):
        cookie = self.sign_in().partition(";")[0]
        move = {"verb": "Open", "switch": "A", "confirm": True}
        refused = [
            self.post("/act", move),
            self.post("/act", move, cookie="pychron_session=guess"),
            self.post("/act", {**move, "confirm": "yes"}, cookie=cookie),
            self.post("/act", move, cookie=cookie, origin="http://evil.example:8888"),
            self.post("/act", move, cookie=cookie, origin="http://localhost:9999"),
            self.post("/act", move, cookie=cookie, origin="null"),
            self.post("/act", move, cookie=cookie, origin=None),
            self.post("/act", move, cookie=cookie, content_type="text/plain"),
            self.post(
                "/act", move, cookie=cookie, host="evil.example:8888", origin="http://evil.example:8888"
            ),
            self.post("/act", move, cookie=cookie, sec_fetch_site="cross-site"),
            self.post("/act", {**move, "x": "x" * LONGEST_BODY}, cookie=cookie),
            self.post("/act", [move], cookie=cookie),
        ]
        self.assertEqual([status for status, _, _ in refused if status < 400], [])
        self.assertEqual(self.moved, [])
        self.assertEqual(self.page.refused, len(refused))
        self.assertEqual(self.ask("GET", "/act", cookie=cookie)[0], 405)
        self.assertEqual(self.post("/act", move, cookie=cookie)[2], {"ok": True, "result": True})
        self.assertEqual(self.moved, [("Open", "A")])

    def test_a_session_ends_after_twelve_hours(self):
        cookie = self.sign_in().partition(";")[0]
        self.clock.advance(12 * 3600.0)
        self.assertEqual(
            self.post("/act", {"verb": "Open", "switch": "A", "confirm": True}, cookie=cookie)[0], 401
        )

    def test_over_plain_http_from_elsewhere_the_page_is_read_only(self):
        cookie = self.sign_in().partition(";")[0]
        status, _, said = self.post(
            "/act", {"verb": "Open", "switch": "A", "confirm": True}, address=ELSEWHERE, cookie=cookie
        )
        self.assertEqual((status, "read-only" in said["why"]), (403, True))
        for path, body in (("/session", {"token": TOKEN}), ("/acknowledge", {"alert": "hot", "who": "x"})):
            self.assertEqual(self.post(path, body, address=ELSEWHERE)[0], 403)
        state = json.loads(self.ask("GET", "/state", address=ELSEWHERE)[2])
        self.assertEqual((state["may_act"], state["may_tell"]), (False, False))
        self.assertIn("another machine", state["read_only_because"])
        self.assertEqual((self.moved, self.acknowledged), ([], []))

    def test_a_refusal_of_the_line_is_told_with_its_reason(self):
        cookie = self.sign_in().partition(";")[0]
        self.fault = Fault(15, "A is interlocked with B", name="A", action="open")
        status, _, said = self.post("/act", {"verb": "Open", "switch": "A", "confirm": True}, cookie=cookie)
        self.assertEqual((status, said["code"], "B" in said["why"]), (409, 15, True))

    def test_where_the_root_has_a_token_an_alert_is_acknowledged_by_who_signed_in(self):
        said = {"alert": "hot", "who": "Ben"}
        self.assertEqual(self.post("/acknowledge", said)[0], 401)
        cookie = self.sign_in().partition(";")[0]
        self.assertEqual(self.post("/acknowledge", said, cookie=cookie)[0], 200)
        self.assertEqual(self.post("/acknowledge", {**said, "alert": "cold"}, cookie=cookie)[0], 404)
        self.assertEqual(self.post("/acknowledge", {**said, "who": " "}, cookie=cookie)[0], 400)
        self.assertEqual(self.acknowledged, [("hot", "Ben"), ("cold", "Ben")])

    def test_without_a_token_there_is_no_session_and_nothing_moves(self):
        self.make(token="", act=False)
        self.assertEqual(self.post("/session", {"token": ""})[0], 403)
        status, _, said = self.post("/act", {"verb": "Open", "switch": "A", "confirm": True})
        self.assertEqual((status, "read-only" in said["why"]), (403, True))
        self.assertEqual(self.post("/acknowledge", {"alert": "hot", "who": "Ben"})[0], 200)

    # ---- the past

    def test_the_past_is_told_to_our_own_page_only(self):
        asked = []

        class Past:
            async def answer(self, what, query):
                asked.append((what, query))
                return {"valves": []}

            def note(self, text, who, time):
                asked.append((text, who, time))
                return Deferred.fromCoroutine(noted())

        async def noted():
            return await succeed({"kind": "note"})

        self.assertEqual(self.ask("GET", "/history/then?time=5")[0], 404)
        self.page.past = Past()
        self.assertEqual(json.loads(self.ask("GET", "/history/then?time=5")[2]), {"valves": []})
        self.assertEqual(self.ask("GET", "/history/then", sec_fetch_site="cross-site")[0], 403)
        note = {"text": "loud", "who": "Ana", "time": 4.5}
        self.assertEqual(self.post("/note", note)[0], 401)
        cookie = self.sign_in().partition(";")[0]
        self.assertEqual(self.post("/note", note, cookie=cookie)[2]["note"], {"kind": "note"})
        self.assertEqual(self.post("/note", {**note, "time": True}, cookie=cookie)[0], 400)
        self.assertEqual(asked, [("then", {"time": "5"}), ("loud", "Ana", 4.5)])
