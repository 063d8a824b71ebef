"""The line protocol: golden lines, garbage, bounds, split points."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.scripting import protocol
from pychron.scripting.protocol import CommandLine, LineSplitter, ProtocolError, Reply


def test_a_command_as_it_goes_over_the_pipe():
    line = protocol.encode({"n": 7, "do": "open", "args": {"name": "A"}, "at": ["extraction/air.py", 12]})
    assert line == b'{"n":7,"do":"open","args":{"name":"A"},"at":["extraction/air.py",12]}'
    assert protocol.parse_child(line) == CommandLine(7, "open", {"name": "A"}, "extraction/air.py", 12)


def test_replies():
    assert protocol.parse_reply(b'{"n":7,"ok":true}') == Reply(7, True, "", "")
    assert protocol.parse_reply(b'{"n":7,"raise":"Locked","text":"A: locked"}') == Reply(
        7, None, "Locked", "A: locked"
    )


def test_an_end():
    line = b'{"end":"failed","kind":"NameError","text":"x","at":["a.py",3],"source":"x","not_reached":[["a.py",4,6]]}'
    end = protocol.parse_child(line)
    assert (end.result, end.kind, end.file, end.line, end.not_reached) == (
        "failed",
        "NameError",
        "a.py",
        3,
        (("a.py", 4, 6),),
    )


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"[]",
        b"7",
        b"\xff\xfe",
        b"{}",
        b'{"n":-1,"do":"open"}',
        b'{"n":true,"do":"open"}',
        b'{"n":1.5,"do":"open"}',
        b'{"n":1,"do":""}',
        b'{"n":1,"do":7}',
        b'{"n":1,"do":"open","args":[]}',
        b'{"n":1,"do":"open","args":{"t":NaN}}',
        b'{"n":1,"do":"open","at":["a"]}',
        b'{"n":1,"do":"open","at":["a",-2]}',
        b'{"end":"well"}',
        b'{"end":"failed","text":7}',
        b'{"end":"completed","not_reached":[["a",1]]}',
        b'{"end":"completed","unknown":{}}',
        b"[" * 60_000,
        b'{"n":' + b"9" * 5000 + b',"do":"open"}',
        b'{"n":1,"do":"open","args":{"name":"' + b"A" * 70_000 + b'"}}',
    ],
)
def test_garbage_is_a_protocol_error(line):
    with pytest.raises(ProtocolError):
        protocol.parse_child(line)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_value_or_a_protocol_error(data):
    with contextlib.suppress(ProtocolError):
        protocol.parse_child(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(-(2**60), 2**60), st.lists, max_leaves=10
    )
)
def test_what_is_encoded_is_decoded(value):
    assert protocol.decode(protocol.encode({"v": value})) == {"v": value}


def test_what_json_cannot_say_is_refused_where_it_is_sent():
    for value in (object(), float("nan"), {1, 2}):
        with pytest.raises(ProtocolError):
            protocol.encode({"v": value})


def test_lines_split_anywhere_come_out_whole():
    data = b'{"n":1}\n{"n":2}\n\nrest'
    for cut in range(len(data) + 1):
        splitter = LineSplitter()
        assert splitter.feed(data[:cut]) + splitter.feed(data[cut:]) == [b'{"n":1}', b'{"n":2}', b""]
    splitter = LineSplitter()
    by_one = [line for i in range(len(data)) for line in splitter.feed(data[i : i + 1])]
    assert by_one == [b'{"n":1}', b'{"n":2}', b""]


def test_a_line_without_end_comes_out_once_cut_and_nothing_grows():
    splitter = LineSplitter(limit=10)
    assert splitter.feed(b"ok\n" + b"x" * 8) == [b"ok"]
    assert splitter.feed(b"x" * 8) == [b"x" * 11]
    assert splitter.feed(b"x\n{}\n") == []
    assert LineSplitter(limit=3).feed(b"ab\nabcde\nab\n") == [b"ab", b"abcd"]
