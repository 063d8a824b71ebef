"""Who may see the live page and move something through it: another site's page in a real browser, tokens, read-only pages."""

from __future__ import annotations

import contextlib
import http.server
import threading

import pytest

from pychron.web.access import digest
from tests.system.live_page import Page, get, needs_browser, refused, valve
from tests.system.valve_node import ValveNode

TOKEN = "a token of the tests"

HOSTILE = """<!doctype html><body><script>
const moves = [];
const tried = (what, promise) => moves.push(promise.then((a) => a.text ? a.text().then((t) => what + ':' + a.type + ':' + t) : what + ':' + a, (e) => what + ': no'));
const to = (port, path) => 'http://HOST:' + port + path;
tried('read', fetch(to(WEB, '/state')));
tried('past', fetch(to(WEB, '/history/then')));
tried('log', fetch(to(WEB, '/history/events'), { mode: 'no-cors' }));
tried('note', fetch(to(WEB, '/note'), { method: 'POST', mode: 'no-cors', body: '{"text":"planted","who":"y"}' }));
tried('blind', fetch(to(WEB, '/state'), { mode: 'no-cors' }));
tried('act', fetch(to(WEB, '/act'), { method: 'POST', mode: 'no-cors', body: '{"verb":"Open","switch":"B","confirm":true}' }));
tried('json', fetch(to(WEB, '/act'), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"verb":"Open","switch":"B","confirm":true}' }));
tried('acknowledge', fetch(to(WEB, '/acknowledge'), { method: 'POST', mode: 'no-cors', body: '{"alert":"x","who":"y"}' }));
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
        assert "planted" not in get(node.web_port, "/history/events")[0]


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
            page.page.fill("#ask input", TOKEN)
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
            assert page.page.is_hidden("#ask button[value=no]"), "nothing is asked"
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
    for path, why in (("/act", "read-only"), ("/session", "no token")):
        status, said = refused(port, path, b'{"verb": "Open", "switch": "B", "confirm": true}', **own)
        assert (status, why in said) == (403, True)
    foreign = {"Origin": "http://evil.example", "Content-Type": "application/json"}
    assert refused(port, "/acknowledge", b'{"alert": "x", "who": "Ben"}', **foreign)[0] == 403
    assert refused(port, "/acknowledge", b'{"alert": "x", "who": "Ben"}', **own)[0] == 404
    assert refused(port, "/acknowledge", b'{"alert": "x"}', **own)[0] == 400
    assert refused(port, "/state", Host="evil.example")[0] == 403
    assert refused(port, "/static/../plugin.py")[0] == 404
    assert refused(port, "/act")[0] == 405
    assert node.state("B") == "closed"
