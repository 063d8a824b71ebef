"""A broadcast as a line."""

import json

import pytest

from pychron.broadcast.frames import Message, write_message, write_text
from pychron.cli.watch import decode, document, readable

OPENED = Message(
    "pyvalve",
    "b1",
    4,
    0.25,
    "switch",
    {"view": {"name": "A", "state": "open", "owner": ""}, "before": "closed"},
)


def test_one_of_ours() -> None:
    line, style = readable(decode(write_message(OPENED)))
    assert line.split(None, 1)[1] == "pyvalve        switch         A  open  before=closed"
    assert style == "green"


def test_a_simulated_node_says_so() -> None:
    line, _ = readable(Message("pyvalve", "b1", 4, 0.25, "heartbeat", {}, simulated=True))
    assert "pyvalve (simulated)" in line


def test_an_alarm_is_red() -> None:
    assert readable(Message("pyvalve", "b1", 4, 0.25, "alarm", {"text": "A and B are open"}))[1] == "bold red"


@pytest.mark.parametrize(
    "frame", [write_text("RunAdded", "12-01"), b"", b"\xff", b"pychron {", b"pychron []"]
)
def test_whatever_else_goes_over_the_air(frame: bytes) -> None:
    line, _ = readable(decode(frame))
    assert "\n" not in line


def test_json_keeps_everything() -> None:
    told = json.loads(json.dumps(document(decode(write_message(OPENED)))))
    assert (told["tag"], told["seq"], told["payload"]["before"]) == ("pychron", 4, "closed")
    assert document(decode(b"RunAdded 12-01")) == {"tag": "RunAdded", "text": "12-01"}
