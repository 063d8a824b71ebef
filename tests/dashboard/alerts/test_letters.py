"""The words of an alert, read back by others: Python's own mail parser and json."""

from __future__ import annotations

import json
from email import policy
from email.parser import BytesParser

import pytest

from pychron.config.problems import Place
from pychron.dashboard.alerts.episodes import Episode, Kind, Phase
from pychron.dashboard.alerts.letters import environment, mail, subject, webhook
from pychron.dashboard.alerts.specs import Mail, Webhook
from pychron.dashboard.events import Level

EPISODE = Episode(
    "Bone.pressure.x>1e-5", Level.CRITICAL, "Bone.pressure", "pressure is 2e-5 torr, x>1e-5 · µ\r\nBcc: evil@example.org",
    "schließ A", "setupfiles/dashboard.yaml:7", 1_700_000_000.0, Phase.RAISED,
)  # fmt: skip
CHANNEL = Mail(
    "mail", ("ana@lab.example", "ben@lab.example"), "lab@lab.example", "h", 25, "none", "", "", Place("a", 1)
)


def letter(kind=Kind.RAISED, number=3):
    data = mail(EPISODE, kind, "pyvalve", CHANNEL, number, 1_700_000_100.0, False)
    return BytesParser(policy=policy.default).parsebytes(data)


def test_a_mail_says_what_where_since_when_and_what_to_do():
    found = letter()
    assert found["Subject"] == "CRITICAL: Bone.pressure (pyvalve)"
    assert found["To"] == "ana@lab.example, ben@lab.example"
    assert found["Bcc"] is None
    text = found.get_content()
    assert "2e-5 torr, x>1e-5 · µ" in text
    assert "What to do: schließ A" in text
    assert "pychron alert ack NODE 'Bone.pressure.x>1e-5'" in text


def test_a_server_that_takes_seven_bits_gets_seven():
    data = mail(EPISODE, Kind.RAISED, "pyvalve", CHANNEL, 1, 1_700_000_100.0, False)
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_a_second_copy_is_known_as_such_and_another_letter_is_not():
    assert letter()["Message-ID"] == letter()["Message-ID"]
    assert letter(number=4)["Message-ID"] != letter()["Message-ID"]
    assert letter(number=4)["References"] == letter()["References"]


def test_a_simulated_alert_says_so():
    assert subject(EPISODE, Kind.CLEAR, "pyvalve", True).startswith("SIMULATED ALL CLEAR: ")


@pytest.mark.parametrize("preset", ["plain", "slack", "teams", "ntfy"])
def test_webhooks(preset):
    body, headers = webhook(
        EPISODE, Kind.RAISED, "pyvalve", Webhook("w", "http://x", preset, Place("a", 1)), False
    )
    if preset == "ntfy":
        assert headers["Priority"] == "urgent"
        assert headers["Title"].isascii()
        assert "schließ A" in body.decode()
        return
    value = json.loads(body)
    assert headers["Content-Type"] == "application/json"
    assert (value["key"] if preset == "plain" else "CRITICAL" in value["text"]) in (EPISODE.key, True)


def test_a_program_gets_it_in_its_environment_without_line_ends():
    found = environment(EPISODE, Kind.RAISED, "pyvalve", False)
    assert found["PYCHRON_KEY"] == EPISODE.key
    assert all("\n" not in value and "\0" not in value for value in found.values())
