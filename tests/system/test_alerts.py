"""Alerts of a real node: a mail server and a web server that share no code with it, a gauge that a test sets, a kill -9."""

from __future__ import annotations

import contextlib
import email
import http.server
import json
import socket
import threading
from email import policy

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner

from pychron.cli.main import main
from tests.system.relay_bank import RelayBank
from tests.system.test_dashboard import Gauges
from tests.system.test_two_nodes import ExperimentNode
from tests.system.twistd_process import until
from tests.system.valve_node import ValveNode

DASHBOARD = """\
port: 0
devices:
  - name: Bone
    device: gauges
    values:
      - name: pressure
        func_name: IG
        enabled: true
        period: 0.2
        timeout: 0
        units: torr
        conditionals:
          - [20, {teststr: "x>1e-5", guidance: "close the valve to the pump"}]
"""
ALERTS = """\
channels:
  mail: {kind: email, to: ana@lab.example, sender: lab@lab.example, host: 127.0.0.1, port: MAIL, tls: none}
  phone: {kind: webhook, url: "http://127.0.0.1:WEB/alert"}
  siren: {kind: command, command: [sh, -c, 'echo "$PYCHRON_KIND $PYCHRON_KEY" >> FOLDER/siren.txt']}
critical: {channels: [mail, phone, siren]}
actions:
- {condition: "Bone.pressure.x>1e-5", hold_queue: true, close: [B], lock: [B]}
"""
KEY = "Bone.pressure.x>1e-5"


class Mailbox:
    """What an SMTP server of the tests got."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(
            (envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=policy.default))
        )
        return "250 taken"

    def subjects(self):
        return [str(mail["Subject"]) for _, mail in self.mails]


@contextlib.contextmanager
def mail_server(port=0):
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port or free_port())
    controller.start()
    try:
        yield mailbox, controller.port
    finally:
        controller.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def web_server():
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield got, server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def instrument():
    gauges = Gauges()
    try:
        yield gauges
    finally:
        gauges.shutdown()
        gauges.server_close()


def set_up(node, gauges, mail, web, folder, dashboard=DASHBOARD):
    """A dashboard on a gauge, and alerts."""
    root = node.root / "setupfiles"
    text = (root / "initialization.xml").read_text()
    off, on = '<plugin enabled="false">DashboardServer', '<plugin enabled="true">DashboardServer'
    (root / "initialization.xml").write_text(text.replace(off, on))
    (root / "dashboard.yaml").write_text(dashboard)
    port = gauges.server_address[1]
    device = f"klass: QtegraMicroIonController\nhost: 127.0.0.1\nport: {port}\ntimeout: 0.5\n"
    (root / "devices" / "gauges.yaml").write_text(device)
    alerts = ALERTS.replace("MAIL", str(mail)).replace("WEB", str(web)).replace("FOLDER", str(folder))
    (root / "alerts.yaml").write_text(alerts)


@pytest.fixture
def lab(tmp_path):
    with instrument() as gauges, mail_server() as (mailbox, mail), web_server() as (got, web):
        gauges.readings["IG"] = "1e-8"
        with RelayBank() as bank:
            node = ValveNode(tmp_path, bank)
            set_up(node, gauges, mail, web, tmp_path)
            with node:
                yield node, gauges, mailbox, got


def pychron(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="pychron")


def alerts(node):
    return node.json("Alerts")["result"]


def test_a_threshold_is_crossed_and_everybody_hears_of_it_once(lab, tmp_path):
    node, gauges, mailbox, got = lab
    assert node.ask("Open B") == "OK"
    gauges.readings["IG"] = "2e-5"
    until(lambda: mailbox.mails and got and (tmp_path / "siren.txt").exists(), "mail, webhook and program")
    to, mail = mailbox.mails[0]
    assert to == ["ana@lab.example"]
    assert str(mail["Subject"]) == "CRITICAL: Bone.pressure (pyvalve)"
    assert "close the valve to the pump" in mail.get_content()
    assert (got[0]["kind"], got[0]["key"], got[0]["level"]) == ("raised", KEY, "critical")
    until(lambda: node.state("B") == "closed", "the action has closed B")
    until(lambda: any("B is closed" in text for text in alerts(node)[0]["did"]), "what was done is told")
    assert alerts(node)[0]["did"][0].startswith("NOT DONE: the queue is held")
    until(lambda: any("B is locked" in text for text in alerts(node)[0]["did"]), "and locked")
    assert node.ask("Open B").startswith("ERROR 014"), "whoever goes on meets the lock"
    listed = pychron("alert", "list", "--root", node.root)
    assert listed.exit_code == 1
    assert "close the valve to the pump" in listed.stdout
    (one,) = json.loads(pychron("alert", "list", f"127.0.0.1:{node.port}", "--json").stdout)
    assert (one["key"], one["phase"]) == (KEY, "raised")
    taken = pychron("alert", "ack", "--root", node.root, KEY, "--who", "Ana", "--note", "on my way")
    assert (taken.exit_code, taken.stdout) == (0, f"{KEY}: Ana has it\n")
    assert alerts(node)[0]["by"] == "Ana"
    gauges.readings["IG"] = "1e-8"
    until(lambda: len(mailbox.mails) == 2 and len(got) == 2, "the all clear")
    assert mailbox.subjects()[1] == "ALL CLEAR: Bone.pressure (pyvalve)"
    assert alerts(node) == []
    gauges.readings["IG"] = "2e-5"
    until(lambda: len(got) == 3, "a new episode")
    tried = pychron("alert", "test", "--root", node.root)
    assert (tried.exit_code, tried.stdout) == (0, "a test is on its way to mail, phone, siren\n")
    until(lambda: got[-1]["kind"] == "test", "the test arrives")
    assert (tmp_path / "siren.txt").read_text().splitlines()[:2] == [f"raised {KEY}", f"all clear {KEY}"]


def test_a_mail_server_that_is_down_gets_its_letter_later_and_holds_up_nobody(tmp_path):
    port = free_port()
    with instrument() as gauges, web_server() as (got, web), RelayBank() as bank:
        gauges.readings["IG"] = "1e-8"
        node = ValveNode(tmp_path, bank)
        set_up(node, gauges, port, web, tmp_path)
        with node:
            gauges.readings["IG"] = "2e-5"
            until(lambda: got, "the webhook goes at once")
            until(lambda: "does not get through to mail" in node.twistd.text(), "the log says why")
            node.kill()
            with mail_server(port) as (mailbox, _):
                node.start()
                until(lambda: mailbox.mails, "the letter that the dead node had written")
                assert mailbox.subjects()[0] == "CRITICAL: Bone.pressure (pyvalve)"
                assert [one["kind"] for one in got] == ["raised"], "what was taken is not sent again"
                gauges.readings["IG"] = "1e-8"
                until(
                    lambda: len(mailbox.mails) == 2, "the all clear of an episode that began before the death"
                )


def test_another_node_tells_that_a_node_is_silent(tmp_path):
    with web_server() as (got, web), RelayBank() as bank, ValveNode(tmp_path, bank) as controller:
        experiment = ExperimentNode(tmp_path, controller.port, controller.publish_port)
        (experiment.root / "setupfiles" / "alerts.yaml").write_text(
            f"channels: {{phone: {{kind: webhook, url: 'http://127.0.0.1:{web}/'}}}}\n"
            "critical: {channels: phone}\n"
            f"watch:\n- {{name: pyvalve, port: {controller.publish_port}, silent: 5}}\n"
        )
        with experiment:
            controller.kill()
            until(lambda: got, "the other node tells", 60.0)
            assert (got[0]["title"], got[0]["node"]) == ("pyvalve is silent", "pyexperiment")
            controller.start()
            until(lambda: len(got) == 2, "and that it is back", 60.0)
            assert got[1]["kind"] == "all clear"


def test_a_test_reaches_every_channel(lab, tmp_path):
    node, _, mailbox, got = lab
    assert node.json("TestAlerts")["result"] == ["mail", "phone", "siren"]
    until(lambda: mailbox.mails and got and (tmp_path / "siren.txt").exists(), "a test on every channel")
    assert mailbox.subjects() == ["TEST: a test of the alerts (pyvalve)"]
    assert alerts(node) == []


def test_the_addresses_of_a_condition_get_a_mail_of_their_own(tmp_path):
    text = DASHBOARD.replace("guidance:", 'emails: "ben@lab.example", script: isolate, guidance:')
    with (
        instrument() as gauges,
        mail_server() as (mailbox, mail),
        web_server() as (_, web),
        RelayBank() as bank,
    ):
        gauges.readings["IG"] = "1e-8"
        node = ValveNode(tmp_path, bank)
        set_up(node, gauges, mail, web, tmp_path, text)
        scripts = node.root / "scripts" / "extraction"
        scripts.mkdir(parents=True, exist_ok=True)
        (scripts / "isolate.py").write_text("def main():\n    close('A')\n")
        with node:
            gauges.readings["IG"] = "2e-5"
            until(lambda: len(mailbox.mails) == 2, "both mails")
            assert sorted(to[0] for to, _ in mailbox.mails) == ["ana@lab.example", "ben@lab.example"]
            until(
                lambda: any("script isolate" in text for text in alerts(node)[0]["did"]),
                "what was tried is told",
            )
            gauges.readings["IG"] = "1e-8"
            until(lambda: len(mailbox.mails) == 4, "both all clears")
