"""The live page of real nodes in a real browser: what it shows, and how fast."""

from __future__ import annotations

import statistics

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.system.live_page import Page, get, needs_browser, valve
from tests.system.relay_bank import RelayBank
from tests.system.test_two_nodes import ExperimentNode
from tests.system.twistd_process import PROJECT, Foreground, until
from tests.system.valve_node import Peer, ValveNode, said, wait_until_read

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
    assert statistics.median(taken) < 0.2, f"seconds from command to page: {taken}"


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
def test_an_alert_is_shown_acknowledged_and_all_clear(tmp_path, browser):
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
        page.wait_for("#alarms li.level-critical[data-phase=raised]")
        assert "Close A and call Ana." in page.page.inner_text("#alarms")
        assert "1" in page.page.inner_text('tr[data-value="Line.A"] .reading')
        page.picture("alert")
        page.page.click("#alarms button >> text=Acknowledge")
        page.page.fill("#ask input", "Ben")
        page.page.click("#ask button[value=yes]")
        page.wait_for("#alarms li[data-phase=acknowledged]")
        assert "by Ben" in page.page.inner_text("#alarms")
        node.ask("Close A")
        page.until("document.querySelector('#alarms').hidden")
        assert "ALL CLEAR" in page.page.inner_text("#events")
        node.ask("Open A")
        page.wait_for("#alarms li[data-phase=raised]")
        node.ask("Close A")
        page.wait_for("#alarms li.over[data-phase=over]")
        page.page.click("#alarms button >> text=Acknowledge")
        page.page.click("#ask button[value=yes]")
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
            assert page.page.locator("#drawing .valve").count() == len("ABCDEFGHIJKLMNOPQRSTU")
            assert page.page.is_visible("#simulated")
            assert peer.ask("Open A") == "OK"
            page.wait_for(valve("A", state="open"))
            assert peer.ask("Open J") == "OK"
            page.wait_for(valve("J", state="open"))
            page.picture("real-lab")
            assert peer.ask("Close J") == "OK"
            assert peer.ask("Close A") == "OK"
            page.wait_for(valve("A", state="closed"))
            assert page.errors == []
    finally:
        lab.stop()


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


def test_a_taken_web_port_costs_the_page_and_never_the_node(node, tmp_path):
    second = ValveNode(tmp_path / "b")
    ports = ("--port", "0", "--publish-port", "0", "--web-port", str(node.web_port))
    twistd = Foreground(second.folder, "pyvalve", "--root", str(second.root), *ports)
    try:
        twistd.wait_for("there is no live page")
        twistd.wait_for("every part is set up")
        port = said(twistd.text(), r"commands are taken at 127\.0\.0\.1:(\d+)")
        wait_until_read(port)
        with Peer(port) as peer:
            assert peer.ask("Open B") == "OK"
        assert f"127.0.0.1:{node.web_port} cannot be had" in twistd.text()
    finally:
        twistd.stop()


def test_a_stranger_who_never_reads_is_dropped_and_the_node_goes_on(node):
    with Peer(node.web_port) as silent:
        silent.send(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{node.web_port}\r\n\r\n".encode())
        for _ in range(3):
            assert node.ask("Open B") == "OK"
            assert node.ask("Close B") == "OK"
        until(lambda: "pychron_web_browsers 1.0" in get(node.web_port, "/metrics")[0], "it is followed")
    until(lambda: "pychron_web_browsers 0.0" in get(node.web_port, "/metrics")[0], "it is forgotten")
