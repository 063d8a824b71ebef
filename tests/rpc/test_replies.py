"""Replies of our servers, and what is none."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.rpc.codec import Form
from pychron.rpc.faults import Fault
from pychron.rpc.rendering import render, render_fault
from pychron.rpc.replies import Nonsense, Reply, read_reply

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


@given(VALUES)
def test_what_a_server_renders_is_read(value: object) -> None:
    for form in (Form.JSON, Form.FRAMED_JSON):
        assert read_reply(render(form, "b00t:1", value)[:-2]) == Reply("b00t:1", value)


def test_a_refusal_keeps_its_data() -> None:
    line = render_fault(Form.FRAMED_JSON, "b00t:1", Fault(5, name="ZZ"))[:-2]
    error = read_reply(line).error
    assert error == {"code": 5, "text": "ZZ is not a registered valve name"}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"OK",
        b"{000A}OK",
        b"[]",
        b"{",
        b'{"result":1}',
        b'{"id":"x"}',
        b'{0099}{"id":"x","result":1}',
        b"[" * 9999,
    ],
)
def test_anything_else_is_nonsense(line: bytes) -> None:
    with pytest.raises(Nonsense):
        read_reply(line)


@given(st.binary(max_size=100))
def test_garbage_is_nonsense_or_a_reply(line: bytes) -> None:
    with contextlib.suppress(Nonsense):
        assert isinstance(read_reply(line), Reply)
