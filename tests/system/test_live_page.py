"""The live page of real nodes in a real browser: what it shows, what another site's page can do to it, who may move something."""

from __future__ import annotations

import contextlib
import http.server
import shutil
import threading
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pychron.web.access import digest
from tests.system.relay_bank import RelayBank
from tests.system.test_two_nodes import ExperimentNode
from tests.system.twistd_process import PROJECT, Foreground, until
from tests.system.valve_node import Peer, ValveNode, said, wait_until_read

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PICTURES = PROJECT / "build" / "pictures"
TOKEN = "a token of the tests"
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", rules])
        yield found
        found.close()


class Page:
    """One page, and all that its console said."""

    def __init__(self, browser, port, path="/", **options):
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.errors = []
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(f"http://127.0.0.1:{port}{path}")
        self.page.wait_for_selector("body[data-ready=yes]")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def wait_for(self, selector):
        self.page.wait_for_selector(selector, timeout=20_000, state="attached")

    def until(self, expression):
        """The page's own policy forbids the waiting by eval that the browser's driver would do."""
        until(lambda: self.page.evaluate(expression), expression)

    def picture(self, name):
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=True)


def valve(name, **data):
    return f'.valve[data-name="{name}"]' + "".join(f'[data-{key}="{value}"]' for key, value in data.items())


@pytest.fixture
def node(tmp_path):
    with ValveNode(tmp_path) as found:
        yield found


def get(port, path, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode(), answer.headers


def refused(port, path, data=None, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    with pytest.raises(urllib.error.HTTPError) as found, urllib.request.urlopen(request, timeout=10):
        pass
    with found.value as answer:
        return answer.code, answer.read().decode()


FIRST_CHANGE = """(name) => { const g = document.querySelector(`.valve[data-name="${name}"]`);
  const before = g.dataset.state;
  window.seen = new Promise((done) => new MutationObserver((_, me) => {
    if (g.dataset.state !== before) { me.disconnect(); done(Date.now()); } }).observe(g, { attributes: true })); }"""


@needs_browser
def test_the_page_shows_a_valve_that_opens_within_200_ms_of_the_command(node, browser):
    import time

    taken = []
    with Page(browser, node.web_port) as page:
        page.wait_for(valve("B", state="closed", evidence="relay"))
        for action in ("Open", "Close") * 3:
            page.page.evaluate(FIRST_CHANGE, "B")
            asked = time.time()
            assert node.ask(f"{action} B") == "OK"
            taken.append(page.page.evaluate("window.seen") / 1000 - asked)
            page.wait_for(valve("B", state="open" if action == "Open" else "closed"))
        page.wait_for("#events li")
        assert page.errors == []
    assert min(taken) < 0.2, f"seconds from command to page: {taken}"


@needs_browser
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light", {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"}),
        ("dark", {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"}),
        ("phone", {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"}),
    ],
)
def test_it_is_fit_to_be_looked_at(node, browser, name, options):
    node.ask("Open B")
    node.json("Lock", "C", why="leak test")
    with Page(browser, node.web_port, **options) as page:
        page.wait_for(valve("B", state="open"))
        page.wait_for(valve("C", lock="yes"))
        page.wait_for(valve("T", state="unknown"))
        assert page.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.page.focus(valve("A"))
        page.page.keyboard.press("Enter")
        assert page.page.inner_text("#switch h2").startswith("A")
        assert "closed" in page.page.get_attribute(valve("A"), "aria-label")
        page.picture(name)
        assert page.errors == []


@needs_browser
def test_gas_has_the_colour_of_what_it_is_connected_to(node, browser):
    with Page(browser, node.web_port) as page:
        page.wait_for(valve("A", state="closed"))
        tube = '.tube[data-edge="A_Line"]'
        stroke = f"getComputedStyle(document.querySelector('{tube}')).stroke"
        before = page.page.evaluate(stroke)
        node.ask("Open A")
        page.until(f"{stroke} !== '{before}'")
        turbo = page.page.evaluate(
            "getComputedStyle(document.querySelector('.thing[data-node=\"Turbo\"] .shape')).fill"
        )
        assert page.page.evaluate(stroke) == turbo


@needs_browser
def test_a_node_that_dies_is_lost_and_comes_back(node, browser):
    with Page(browser, node.web_port) as page:
        page.wait_for("body[data-link=live]")
        port = node.web_port
        node.kill()
        page.wait_for("body[data-link=lost]")
        assert page.page.is_visible("#lost")
        node.options = ("--web-port", str(port))
        node.start()
        page.wait_for("body[data-link=live]")
        assert not page.page.is_visible("#lost")


@needs_browser
def test_a_lost_peer_is_shown_as_lost(browser, tmp_path):
    with (
        RelayBank() as bank,
        ValveNode(tmp_path, bank) as controller,
        ExperimentNode(tmp_path, controller.port, controller.publish_port) as experiment,
        Page(browser, experiment.web_port) as page,
    ):
        page.wait_for(valve("A", state="closed", stale="no"))
        controller.kill()
        page.wait_for(valve("A", state="unknown", stale="yes"))
        page.wait_for('#nodes li[data-connected="no"]')
        assert "LOST" in page.page.inner_text("#nodes")
        page.picture("lost")


DASHBOARD = """\
port: 0
devices:
  - name: Line
    device: extraction_line
    values:
      - name: A
        enabled: true
        period: on_change
        timeout: 60
        conditionals: [[critical, {teststr: "x > 0.5", guidance: Close A and call Ana.}]]
"""


@needs_browser
def test_a_condition_of_the_dashboard_is_shown_until_it_is_over(tmp_path, browser):
    node = ValveNode(tmp_path)
    setupfiles = node.root / "setupfiles"
    (setupfiles / "dashboard.yaml").write_text(DASHBOARD)
    text = (setupfiles / "initialization.xml").read_text()
    (setupfiles / "initialization.xml").write_text(
        text.replace('<plugin enabled="false">DashboardServer', '<plugin enabled="true">DashboardServer')
    )
    with node, Page(browser, node.web_port, viewport={"width": 1280, "height": 860}) as page:
        page.wait_for('tr[data-value="Line.A"][data-state=live]')
        assert page.page.is_hidden("#alarms")
        node.ask("Open A")
        page.wait_for("#alarms li.level-critical")
        assert "Close A and call Ana." in page.page.inner_text("#alarms")
        assert "1" in page.page.inner_text('tr[data-value="Line.A"] .reading')
        page.picture("condition")
        node.ask("Close A")
        page.until("document.querySelector('#alarms').hidden")
        assert page.errors == []


LAB = PROJECT.parent / "shared" / "real" / "lab"


@needs_browser
@pytest.mark.skipif(not LAB.is_dir(), reason="the laboratory's files are not beside this checkout")
def test_the_canvas_of_a_real_laboratory_is_shown_and_lives(tmp_path, tmp_path_factory, browser, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    ports = ("--port", "0", "--publish-port", "0", "--web-port", "0")
    lab = Foreground(tmp_path, "pyvalve", "--root", str(LAB), "--simulated", *ports)
    try:
        lab.wait_for("every part is set up")
        port = said(lab.text(), r"commands are taken at 127\.0\.0\.1:(\d+)")
        wait_until_read(port)
        web_port = said(lab.text(), r"the live page is http://127\.0\.0\.1:(\d+)/")
        with Page(browser, web_port, viewport={"width": 1280, "height": 860}) as page, Peer(port) as peer:
            page.wait_for(valve("A", state="closed"))
            assert page.page.locator("#drawing .valve").count() == len("ABCDEFGHITU")
            assert page.page.is_visible("#simulated")
            assert peer.ask("Open A") == "OK"
            page.wait_for(valve("A", state="open"))
            page.picture("real-lab")
            assert peer.ask("Close A") == "OK"
            page.wait_for(valve("A", state="closed"))
            assert page.errors == []
    finally:
        lab.stop()


HOSTILE = """<!doctype html><body><script>
const moves = [];
const tried = (what, promise) => moves.push(promise.then((a) => a.text ? a.text().then((t) => what + ':' + a.type + ':' + t) : what + ':' + a, (e) => what + ': no'));
const to = (port, path) => 'http://HOST:' + port + path;
tried('read', fetch(to(WEB, '/state')));
tried('blind', fetch(to(WEB, '/state'), { mode: 'no-cors' }));
tried('act', fetch(to(WEB, '/act'), { method: 'POST', mode: 'no-cors', body: '{"verb":"Open","switch":"B","confirm":true}' }));
tried('json', fetch(to(WEB, '/act'), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"verb":"Open","switch":"B","confirm":true}' }));
tried('command', fetch(to(COMMAND, '/'), { method: 'POST', mode: 'no-cors', body: 'Open B\\r\\nOpen B\\r\\n' }));
tried('image', new Promise((ok) => { const i = new Image(); i.onload = () => ok('seen'); i.onerror = () => ok('no'); i.src = to(WEB, '/canvas.svg'); }));
tried('stream', new Promise((ok) => { const s = new EventSource(to(WEB, '/events')); s.addEventListener('state', () => ok('heard')); s.onerror = () => { s.close(); ok('no'); }; }));
const frame = document.createElement('iframe'); frame.name = 'f'; document.body.append(frame);
for (const [port, path] of [[WEB, '/act'], [COMMAND, '/']]) {
  const form = document.createElement('form'); form.method = 'POST'; form.enctype = 'text/plain'; form.target = 'f'; form.action = to(port, path);
  const field = document.createElement('input'); field.name = '{"verb":"Open","switch":"B","confirm":true,"x":"'; field.value = '"}\\r\\nOpen B\\r\\n'; form.append(field); document.body.append(form); form.submit();
}
Promise.all(moves).then((all) => { document.title = JSON.stringify(all); });
</script>"""


@contextlib.contextmanager
def another_site(text):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@needs_browser
@pytest.mark.parametrize("host", ["127.0.0.1", "evil.example"])
def test_another_sites_page_moves_nothing_and_reads_nothing(tmp_path, browser, host):
    """`evil.example` is rebound: the browser takes the node for a part of the other site."""
    with ValveNode(tmp_path) as node:
        (node.root / "setupfiles" / "web.yaml").write_text(f"actuate: true\ntoken_sha256: {digest(TOKEN)}\n")
        node.kill()
        node.start()
        text = (
            HOSTILE.replace("HOST", host)
            .replace("WEB", str(node.web_port))
            .replace("COMMAND", str(node.port))
        )
        with another_site(text) as port, Page(browser, node.web_port) as own:
            own.wait_for(valve("B", state="closed"))
            foreign = own.context.new_page()
            foreign.goto(f"http://{host}:{port}/")
            foreign.wait_for_function("document.title.startsWith('[')", timeout=20_000)
            found = foreign.title()
            assert "extraction" not in found.lower()
            assert "seen" not in found
            assert "heard" not in found
            assert "valves" not in found
        assert node.state("B") == "closed"
        assert node.ask("GetValveState B") == "False"


@needs_browser
def test_who_has_the_token_may_move_a_valve_and_confirms_each_move(tmp_path, browser):
    with ValveNode(tmp_path) as node:
        (node.root / "setupfiles" / "web.yaml").write_text(f"actuate: true\ntoken_sha256: {digest(TOKEN)}\n")
        node.kill()
        node.start()
        with Page(browser, node.web_port) as page:
            page.page.click(valve("B"))
            assert page.page.is_disabled("#switch button >> text=Open")
            page.page.click("#signin")
            page.page.fill("#answer", TOKEN)
            page.page.click("#ask button[value=yes]")
            page.wait_for("#safe:not([hidden])")
            page.page.click(valve("B"))
            page.page.click("#switch button >> text=Open")
            page.page.click("#ask button[value=no]")
            assert node.state("B") == "closed"
            page.page.click("#switch button >> text=Open")
            page.page.click("#ask button[value=yes]")
            page.wait_for(valve("B", state="open"))
            cookie = next(one for one in page.context.cookies() if one["name"] == "pychron_session")
            assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
            page.page.click(valve("C"))
            node.ask("Open A")
            page.page.click("#switch button >> text=Open")
            page.page.click("#ask button[value=yes]")
            page.until("document.querySelector('#ask p').textContent.includes('refused')")
            page.page.click("#ask button[value=yes]")
            page.page.click("#safe")
            page.page.click("#ask button[value=yes]")
            page.until("document.querySelector('#ask p').textContent.startsWith('MAKE SAFE: done')")
            page.picture("signed-in")
        log = node.twistd.text()
        assert TOKEN not in log
        assert digest(TOKEN) not in log


def test_a_page_that_is_read_only_moves_nothing_for_anybody(node):
    port = node.web_port
    own = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"}
    for path in ("/act", "/session"):
        status, said = refused(port, path, b'{"verb": "Open", "switch": "B", "confirm": true}', **own)
        assert (status, "read-only" in said) == (403, True)
    assert refused(port, "/state", Host="evil.example")[0] == 403
    assert refused(port, "/static/../plugin.py")[0] == 404
    assert refused(port, "/act")[0] == 405
    assert node.state("B") == "closed"


def test_metrics_are_read_by_prometheus_own_parser(node):
    node.ask("Open B")
    node.ask("Nonsense")
    text, headers = get(node.web_port, "/metrics")
    assert headers["Content-Type"].startswith("text/plain")
    found = {family.name: family.samples for family in text_string_to_metric_families(text)}
    assert found["pychron_valve_actuations"][0].value == 1
    assert found["pychron_alive"][0].value == 1
    faults = {sample.labels["code"]: sample.value for sample in found["pychron_rpc_faults"]}
    assert faults["003"] == 1
    assert found["pychron_channel_up"][0].value == 1
    commands = {sample.labels["verb"]: sample.value for sample in found["pychron_rpc_commands"]}
    assert commands["Open"] == 1
    assert commands["Close"] == 0
    awaited = {s.name: s.value for s in found["pychron_rpc_awaiting_seconds"] if "le" not in s.labels}
    assert awaited["pychron_rpc_awaiting_seconds_count"] >= 1


def test_a_taken_web_port_costs_the_page_and_never_the_node(tmp_path):
    with ValveNode(tmp_path / "a") as first:
        second = ValveNode(tmp_path / "b")
        second.options = ("--web-port", str(first.web_port))
        with pytest.raises(AssertionError, match="there is no live page"):
            second.start()


def test_a_stranger_who_never_reads_is_dropped_and_the_node_goes_on(node):
    with Peer(node.web_port) as silent:
        silent.send(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{node.web_port}\r\n\r\n".encode())
        for _ in range(3):
            assert node.ask("Open B") == "OK"
            assert node.ask("Close B") == "OK"
        until(lambda: "pychron_web_browsers 1.0" in get(node.web_port, "/metrics")[0], "it is followed")
    until(lambda: "pychron_web_browsers 0.0" in get(node.web_port, "/metrics")[0], "it is forgotten")
