"""Frames: golden bytes, round trips, and garbage as values."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pychron.broadcast.frames import (
    BadFrame,
    Message,
    Snapshot,
    payload_after,
    read_message,
    read_snapshot,
    write_message,
    write_snapshot,
    write_text,
)

GOLDEN = b'pychron {"node":"pyvalve","boot":"b1","seq":7,"time":12.5,"kind":"switch","payload":{"name":"A"}}'
MESSAGE = Message("pyvalve", "b1", 7, 12.5, "switch", {"name": "A"})

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def test_golden() -> None:
    assert write_message(MESSAGE) == GOLDEN
    assert read_message(GOLDEN) == MESSAGE
    simulated = write_message(Message("n", "b", 1, 0, "x", {}, True))
    assert simulated.endswith(b',"payload":{},"simulated":true}')


def test_texts_of_installed_nodes() -> None:
    assert write_text("RunAdded", "00000000-0000-0000-0000-000000000006") == (
        b"RunAdded 00000000-0000-0000-0000-000000000006"
    )
    assert write_text("ConsoleMessage", "a\0b \u00b5") == "ConsoleMessage ab \u00b5".encode()
    assert payload_after("RunAdded", "RunAdded  x ") == "x"
    assert payload_after("Run", "RunAdded x") == "Added x"
    assert payload_after("error", "RunAdded x") is None


def test_what_json_cannot_say_becomes_null() -> None:
    message = Message("n", "b", 1, 0.0, "x", {"torr": float("nan"), "all": [1.0, float("inf"), (2,)]})
    assert json.loads(write_message(message).partition(b" ")[2])["payload"] == {
        "torr": None,
        "all": [1.0, None, [2]],
    }


@given(
    st.text(),
    st.text(min_size=1),
    st.integers(0, 2**63 - 1),
    st.dictionaries(st.text(), JSON, max_size=4),
    st.booleans(),
)
def test_round_trips(node: str, boot: str, seq: int, payload: dict, simulated: bool) -> None:
    message = Message(node, boot, seq, 1.25, "k", payload, simulated)
    frame = write_message(message)
    assert b"\0" not in frame
    frame.decode("utf-8")
    assert read_message(frame) == message
    snapshot = Snapshot(node, boot, seq, 1.25, payload, simulated)
    assert read_snapshot(write_snapshot(snapshot)) == snapshot


@given(st.binary(max_size=300))
def test_garbage_is_a_value(data: bytes) -> None:
    assert isinstance(read_message(data), BadFrame)
    assert isinstance(read_message(b"pychron " + data), BadFrame)
    assert isinstance(read_snapshot(data), BadFrame)


@given(st.integers(0, len(GOLDEN) - 1), st.integers(0, 255))
def test_a_damaged_frame_never_raises(at: int, byte: int) -> None:
    frame = bytearray(GOLDEN)
    frame[at] = byte
    assert isinstance(read_message(bytes(frame)), BadFrame | Message)
    assert isinstance(read_message(GOLDEN[:at]), BadFrame)


def test_wrong_members_are_told() -> None:
    def why(**changed: object) -> str:
        fields = json.loads(GOLDEN.partition(b" ")[2]) | changed
        found = read_message(b"pychron " + json.dumps(fields).encode())
        assert isinstance(found, BadFrame)
        return found.why

    assert "boot" in why(boot="")
    assert "seq" in why(seq=True)
    assert "seq" in why(seq=-1)
    assert "seq" in why(seq=2**63)
    assert "time" in why(time="now")
    assert "time" in why(time=float("nan"))
    assert "kind" in why(payload=[])
    assert read_message(b"pychron " + b"[" * 100_000).why.startswith("is not JSON")
    assert read_message(b"pychron " + b"1" * 10_000).why.startswith("is not JSON")
    assert "longer" in read_message(b"pychron " + b" " * 5_000_000).why
    assert "installed" in read_snapshot(b"").why
