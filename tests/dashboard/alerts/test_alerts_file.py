"""alerts.yaml: what it says, and what is wrong in it, each with its line."""

from __future__ import annotations

import pytest

from pychron.config.problems import Report
from pychron.dashboard.alerts.alerts_file import read_alerts
from pychron.dashboard.alerts.specs import Mail, Program, Webhook
from pychron.dashboard.events import Level

WHOLE = """\
channels:
  mail: {kind: email, to: [ana@lab.example, ben@lab.example], host: smtp.lab.example, user: lab, password_file: secrets/mail}
  phone: {kind: webhook, url: "https://ntfy.sh/lab", preset: ntfy}
  siren:
    kind: command
    command: [/usr/local/bin/siren, on]
warning: {channels: [mail], delay: 60}
critical: {channels: [mail, phone], repeat: 600, escalate_after: 900, escalate_to: siren}
actions:
- {condition: "Bone.pressure.x>1e-5", hold_queue: true, close: [A, B], script: isolate}
watch:
- {name: pyvalve, host: 192.0.2.5, silent: 20}
dead_man: {url: "https://hc.example/abc", every: 300}
"""


def read(root, text):
    (root / "setupfiles").mkdir()
    (root / "setupfiles" / "alerts.yaml").write_text(text)
    report = Report(root)
    return read_alerts(root, report), [str(problem) for problem in report.problems]


def test_a_whole_file(tmp_path):
    spec, problems = read(tmp_path, WHOLE)
    assert problems == []
    mail, phone, siren = spec.channels.values()
    assert isinstance(mail, Mail)
    assert (mail.to, mail.port, mail.tls) == (("ana@lab.example", "ben@lab.example"), 587, "starttls")
    assert isinstance(phone, Webhook)
    assert isinstance(siren, Program)
    assert siren.arguments == ("/usr/local/bin/siren", "on")
    assert spec.policy(Level.WARNING).delay_s == 60
    critical = spec.policy(Level.CRITICAL)
    assert (critical.channels, critical.repeat_s, critical.escalate_to) == (
        ("mail", "phone"),
        600,
        ("siren",),
    )
    assert spec.actions[0].close == ("A", "B")
    assert (spec.watch[0].port, spec.watch[0].silent_s) == (5555, 20)
    assert (spec.dead_man_url, spec.dead_man_s) == ("https://hc.example/abc", 300)


def test_without_a_file_nobody_is_told(tmp_path):
    spec = read_alerts(tmp_path, Report(tmp_path))
    assert spec.policy(Level.CRITICAL).channels == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chanels: {}\n", "alerts.yaml:1: error: alerts: chanels is not a known key; did you mean channels?"),
        ("channels: {m: {kind: email}}\n", "has no to"),
        ("channels: {m: {kind: email, to: 'a, b'}}\n", "'a, b' is no address"),
        ("channels: {m: {kind: mail}}\n", "'mail' is not known"),
        ("channels: {m: {kind: webhook, url: ftp://x}}\n", "write http://"),
        ("channels: {m: {kind: command}}\n", "has no command"),
        ("critical: {channels: [phone]}\n", "there is no channel phone"),
        ("critical: {escalate_after: 5}\n", "go together"),
        ("actions:\n- {hold_queue: true}\n", "alerts.yaml:2: error: action: has no condition"),
        ("actions:\n- {condition: a, close: A}\n", "the queue is held first"),
        ("watch: {host: x}\n", "write a list"),
        ("- 1\n", "write tables here"),
    ],
)
def test_each_fault_has_its_line_and_remedy(tmp_path, text, said):
    assert any(said in problem for problem in read(tmp_path, text)[1])
