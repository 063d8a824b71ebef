"""The codec: golden bytes, every split point, one byte at a time, garbage, round trips."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.rpc.codec import LONGEST_JSON, LONGEST_LINE, Decoder, Form, Garbled, Hostile, Item, Request
from pychron.rpc.rendering import frame


def decode(*segments: bytes) -> list[Item]:
    decoder = Decoder()
    found: list[Item] = []
    for segment in segments:
        decoder.feed(segment)
        while items := decoder.take(50):
            found += items
    return found


def said(items: list[Item]) -> list[tuple]:
    """What can be compared: faults by their line."""
    return [
        (i.verb, i.argument, i.form, dict(i.members), i.reply_id, i.within)
        if isinstance(i, Request)
        else (i.fault.line, i.form, i.reply_id, i.garbage)
        if isinstance(i, Garbled)
        else (i.what,)
        for i in items
    ]


OPEN_A = Request("Open", "A")
GOLDEN = [
    (b"Open A\r", OPEN_A),
    (b"Open A\n", OPEN_A),
    (b"Open A\r\n", OPEN_A),
    (b"Open A\0", OPEN_A),
    (b"  Open A \t\r\n", OPEN_A),
    (b"{000E}Open A\r\n", Request("Open", "A", Form.FRAMED)),
    (b"{000F}Open A\r\n", Request("Open", "A", Form.FRAMED)),
    (b"{000e}Open A\r\n", Request("Open", "A", Form.FRAMED)),
    (b"{000E}Open A\r", Request("Open", "A", Form.FRAMED)),
    (b"{0013}GetVersion\r\n", Request("GetVersion", "", Form.FRAMED)),
    (b'{"command": "Open", "value":"A"}\n', Request("Open", "A", Form.JSON)),
    (b'{"command":"Set","device":"F","value":1}\n', Request("Set", "1", Form.JSON, {"device": "F"})),
    (b'{"command":"GetStateChecksum","value":["A","B"]}\r', Request("GetStateChecksum", "A,B", Form.JSON)),
    (
        b'{"command":"Open","value":"A","id":"b00t:7","within":1.5}\r\n',
        Request("Open", "A", Form.JSON, {}, "b00t:7", 1.5),
    ),
    (b'{0024}{"command":"Open","value":"A"}\r\n', None),
    (b'{0026}{"command":"Open","value":"A"}\r\n', Request("Open", "A", Form.FRAMED_JSON)),
]


@pytest.mark.parametrize(("data", "expected"), GOLDEN)
def test_golden_bytes_at_every_split_point(data: bytes, expected: Request | None) -> None:
    whole = said(decode(data))
    if expected is not None:
        assert whole == said([expected])
    else:
        assert whole[0][0].startswith("ERROR 004 : ")
    for cut in range(1, len(data)):
        assert said(decode(data[:cut], data[cut:])) == whole
    assert said(decode(*(data[i : i + 1] for i in range(len(data))))) == whole


def test_a_mixed_stream_gives_the_same_however_it_is_cut() -> None:
    stream = b"".join(data for data, _ in GOLDEN) + b"\r\n\r\n\0Open  A\r\nbr\xfeken\n"
    whole = said(decode(stream))
    assert len(whole) == len(GOLDEN) + 2
    for size in (1, 2, 3, 5, 7, 64):
        assert said(decode(*(stream[i : i + size] for i in range(0, len(stream), size)))) == whole


@pytest.mark.parametrize("number", [0, 1, 6, 13, 16, 17, 0x00E0, 0xFFFF])
def test_any_other_count_is_a_fault_and_no_request(number: int) -> None:
    (item,) = decode(b"{%04X}Open A\r\n" % number)
    assert isinstance(item, Garbled)
    assert item.form is Form.FRAMED
    assert item.fault.code == 4
    assert "14" in item.fault.text


@pytest.mark.parametrize(
    ("data", "code", "garbage"),
    [
        (b"Open  A\r\n", 4, False),
        (b"\xff\xfe\r\n", 3, True),
        (b"{broken\n", 3, True),
        (b"{}\n", 3, False),
        (b'{"command":3}\n', 3, False),
        (b'{"command":"Open","command":"Close","value":"A"}\n', 3, True),
        (b'{"command":"Open","value":NaN}\n', 3, True),
        (b'{"command":"Open","value":"\\ud800"}\n', 3, True),
        (b'{"command":"Open","value":{"a":1}}\n', 4, False),
        (b'{"command":"Open","value":"A\\r\\nB"}\n', 4, False),
        (b'{"command":"Open","value":"A","within":-1}\n', 4, False),
        (b'{"command":"Open","value":"A","within":true}\n', 4, False),
        (b'{"command":"Open","value":"A","within":1e9}\n', 4, False),
        (b'{"command":"Open","value":"A","id":[1]}\n', 4, False),
        (b"{" * 20000 + b"\n", 3, True),
        (b'{"a":' * 9000 + b"\n", 3, True),
        (b"Open,A\r\n", 3, True),
        (b"Op\x01en A\r\n", 3, True),
        (b"{0008}\r\n", 3, True),
        (b"x" * (LONGEST_LINE + 1) + b"\n", 3, True),
        (b'{"a":"' + b"x" * LONGEST_JSON + b'"}\n', 3, True),
    ],
)
def test_what_is_no_request_is_a_fault_and_the_next_line_is_read(
    data: bytes, code: int, garbage: bool
) -> None:
    first, second = decode(data + b"Close B\r\n")
    assert isinstance(first, Garbled)
    assert (first.fault.code, first.garbage) == (code, garbage)
    assert second == Request("Close", "B")


def test_a_line_that_does_not_end_is_one_fault_and_is_skipped_to_its_end() -> None:
    decoder = Decoder()
    decoder.feed(b"x" * 5000)
    assert [type(i) for i in decoder.take(50)] == [Garbled]
    for _ in range(100):
        decoder.feed(b"y" * 5000)
        assert decoder.take(50) == []
    decoder.feed(b"z\r\nOpen A\r\n")
    assert decoder.take(50) == [OPEN_A]


def test_a_json_line_may_be_longer_than_a_plain_one() -> None:
    line = json.dumps({"command": "Claim", "valves": ["V" * 50] * 500}).encode()
    assert LONGEST_LINE < len(line) < LONGEST_JSON
    (item,) = decode(line[:5000], line[5000:] + b"\n")
    assert isinstance(item, Request)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"GET / HTTP/1.1\r\nOpen A\r\n", "HTTP"),
        (b"POST /x HTTP/1.1\r\nContent-Type: text/plain\r\n\r\nOpen A\r\n", "HTTP"),
        (b"\r\nGET /GetValveState/A\r\nOpen A\r\n", "HTTP"),
        (b"FOO /x HTTP/2\r\nOpen A\r\n", "HTTP"),
        (b"POST /" + b"a" * 70000 + b" HTTP/1.1\r\nOpen A\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03Open A\r\nOpen A\r\n", "TLS"),
    ],
)
def test_a_hostile_first_line_ends_everything(data: bytes, what: str) -> None:
    decoder = Decoder()
    decoder.feed(data)
    assert decoder.take(50) == [Hostile(what)]
    decoder.feed(b"Open A\r\n")
    assert decoder.take(50) == []
    assert decoder.one(b"Open A\r\n") is None or not decoder.more


def test_tls_is_seen_before_its_line_ends() -> None:
    assert decode(b"\x16", b"\x03\x01\x00") == [Hostile("TLS")]


def test_a_later_line_like_http_teaches_no_other_connection_to_trust_it() -> None:
    decode(b"GetVersion\nGET x\n")
    assert decode(b"GET x\n") == [Hostile("HTTP")]


def test_text_that_the_connection_cuts_off_is_no_command() -> None:
    decoder = Decoder()
    decoder.feed(b"GetVersion\r\nOpen A")
    assert decoder.take(50) == [Request("GetVersion")]
    assert decoder.begun
    decoder.drop()
    assert decoder.take(50) == []


def test_a_quiet_time_ends_a_line_only_where_it_is_asked_for() -> None:
    decoder = Decoder()
    decoder.feed(b"Open A")
    assert decoder.take(50) == []
    assert decoder.flush() == [OPEN_A]
    assert decoder.flush() == []


def test_no_more_than_asked_for_is_decoded() -> None:
    decoder = Decoder()
    decoder.feed(b"A\nB\n\n\nC\nD")
    assert [i.verb for i in decoder.take(2)] == ["A", "B"]
    assert decoder.more
    assert [i.verb for i in decoder.take(50)] == ["C"]
    assert not decoder.more


def test_only_boot_and_counter_identify_a_command() -> None:
    def request(value: object) -> Request:
        (item,) = decode(json.dumps({"command": "Open", "value": "A", "id": value}).encode() + b"\n")
        assert isinstance(item, Request)
        return item

    for value in ("a1b2c3:12", "10.0.0.5.tie.A:1", "local2:1"):
        assert request(value).id == value
    for value in (7, "7", "x:1", "boot:", "boot:1x", "10.0.0.5:1", "unix:1", "local:1"):
        assert request(value).id is None
        assert request(value).reply_id == value


@given(st.binary(max_size=300))
def test_garbage_is_never_an_exception_and_never_moves_anything(data: bytes) -> None:
    for item in decode(data, b"\n"):
        if isinstance(item, Request):
            assert item.verb.encode() in data
            assert set(item.verb) <= set(string.ascii_letters + string.digits + "_")


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_cutting_changes_nothing(segments: list[bytes]) -> None:
    assert said(decode(*segments)) == said(decode(b"".join(segments)))


WORDS = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=20).filter(
    lambda w: not w.isupper() or len(w) > 9
)
ARGUMENTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40).map(
    lambda t: t.strip(" \t")
)


@given(WORDS, ARGUMENTS, st.sampled_from([b"\r", b"\n", b"\r\n", b"\0"]))
def test_plain_round_trip(verb: str, argument: str, end: bytes) -> None:
    text = f"{verb} {argument}" if argument else verb
    if " HTTP/" in text:
        return
    assert said(decode(text.encode() + end)) == said([Request(verb, argument)])
    assert said(decode(frame(text))) == said([Request(verb, argument, Form.FRAMED)])


@given(WORDS, ARGUMENTS, st.integers(0, 10**6), st.floats(0, 600))
def test_framed_json_round_trip(verb: str, argument: str, number: int, within: float) -> None:
    text = json.dumps({"command": verb, "value": argument, "id": f"boot:{number}", "within": within})
    expected = Request(verb, argument, Form.FRAMED_JSON, {}, f"boot:{number}", within)
    assert said(decode(frame(text))) == said([expected])


def test_after_three_lines_of_garbage_the_rest_is_left_undecoded():
    decoder = Decoder()
    decoder.feed(b"Open A\n" + b"\xff\n" * 2 + b"Close A\n" + b"\xff\xfe\n" * 10 + b"Open B\n")
    first = decoder.take(50)
    assert [type(item).__name__ for item in first] == [
        "Request",
        *["Garbled"] * 2,
        "Request",
        *["Garbled"] * 3,
    ]
    assert decoder.more
    assert len(decoder.take(50)) == 3
    decoder.drop()
    decoder.feed(b"Open\x07B\n" * 2 + b"Open B\n")
    assert [type(item).__name__ for item in decoder.take(50)] == ["Garbled", "Garbled", "Request"]
