"""The time machine, trends and notes of the live page in a real browser."""

from __future__ import annotations

from tests.system.live_page import Page, needs_browser, refused, valve
from tests.system.valve_node import ValveNode

DASHBOARD = """\
port: 0
devices:
  - name: Env
    device: environmental_monitor
    values:
      - {name: temperature, func_name: get_temperature, enabled: true, period: 0.2, timeout: 0, units: C}
"""


def a_night(node):
    """Valves that moved, one after the other, and are all closed at the end."""
    for name in ("A", "B"):
        assert node.ask(f"Open {name}") == "OK"
        assert node.ask(f"Close {name}") == "OK"


def enable_dashboard(node):
    setupfiles = node.root / "setupfiles"
    (setupfiles / "dashboard.yaml").write_text(DASHBOARD)
    text = (setupfiles / "initialization.xml").read_text()
    (setupfiles / "initialization.xml").write_text(
        text.replace('<plugin enabled="false">DashboardServer', '<plugin enabled="true">DashboardServer')
    )


@needs_browser
def test_last_night_is_scrubbed_on_the_same_canvas_and_noted(tmp_path, browser):
    node = ValveNode(tmp_path)
    enable_dashboard(node)
    with node:
        a_night(node)
        with Page(browser, node.web_port, viewport={"width": 1280, "height": 860}) as page:
            page.wait_for("#past:not([hidden])")
            page.wait_for(valve("B", state="closed"))
            steps = 0
            while page.page.get_attribute(valve("A"), "data-state") != "open":
                before = page.page.get_attribute("body", "data-then")
                page.page.click("#back")
                page.until(
                    f"(document.body.dataset.then || null) !== {before!r}"
                    if before
                    else "document.body.dataset.then"
                )
                steps += 1
                assert steps < 30, "A was never shown open"
            assert page.page.get_attribute("body", "data-past") == "yes"
            assert "Not live" in page.page.inner_text("#past-said")
            assert page.page.is_hidden("#switch")
            node.ask("Open B")
            page.wait_for("#trends:not([hidden])")
            page.wait_for("#charts .trend .mean")
            page.picture("time-machine")
            assert page.page.is_visible("#then")
            assert page.page.get_attribute(valve("B"), "data-state") == "closed", "the past does not move"
            page.page.click("#note")
            page.page.fill("#ask label:nth-child(1) input", "pump was loud")
            page.page.fill("#ask label:nth-child(2) input", "Ana")
            page.page.click("#ask button[value=yes]")
            page.wait_for("#events .kind-note")
            assert "Ana: pump was loud" in page.page.inner_text("#events .kind-note")
            page.page.click("#live")
            page.wait_for(valve("B", state="open"))
            assert page.page.get_attribute("body", "data-past") is None
            assert page.errors == []


@needs_browser
def test_a_history_that_hangs_holds_up_no_news(node, browser):
    with Page(browser, node.web_port, hold="**/history/**") as page:
        page.wait_for("#past:not([hidden])")
        node.ask("Open B")
        page.wait_for(valve("B", state="open"))


def test_a_note_of_another_site_is_refused(node):
    port = node.web_port
    body = b'{"text": "x", "who": "y"}'
    json = {"Content-Type": "application/json"}
    assert refused(port, "/note", body, Origin="http://evil.example", **json)[0] == 403
    own = f"http://127.0.0.1:{port}"
    assert refused(port, "/note", b'{"text": "x"}', Origin=own, **json)[0] == 400
    assert refused(port, "/note", b'{"text": "x", "who": "y", "time": true}', Origin=own, **json)[0] == 400
    assert refused(port, "/history/then?time=x")[0] == 400
    assert refused(port, "/history/then", Host="evil.example")[0] == 403
    assert refused(port, "/history/secrets")[0] == 404
