"""Replies as bytes, in each form."""

import json

import pytest

from pychron.rpc.codec import Form
from pychron.rpc.faults import Fault
from pychron.rpc.rendering import frame, render, render_fault


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (True, b"OK\r\n"),
        (False, b"False\r\n"),
        (None, b"No Response\r\n"),
        ("ok", b"ok\r\n"),
        ("", b"\r\n"),
        (1.2e-08, b"1.2e-08\r\n"),
        (7, b"7\r\n"),
        ({"a": [1, None]}, b'{"a":[1,null]}\r\n'),
        (["A", "B"], b'["A","B"]\r\n'),
        ("two\r\nlines", b"two  lines\r\n"),
        ("Grad \u00b0", "Grad \u00b0\r\n".encode()),
        ("half \ud800", b"half \\ud800\r\n"),
    ],
)
def test_plain_and_framed(result: object, expected: bytes) -> None:
    assert render(Form.PLAIN, None, result) == expected
    assert render(Form.JSON, None, result) == expected
    framed = render(Form.FRAMED, None, result)
    assert framed[6:] == expected
    assert int(framed[1:5], 16) == len(framed)
    assert render(Form.FRAMED_JSON, None, result) == framed


def test_json_with_an_id_is_one_object() -> None:
    assert render(Form.JSON, "b:1", True) == b'{"id":"b:1","result":true}\r\n'
    framed = render(Form.FRAMED_JSON, 5, {"x": float("nan"), "y": [float("inf"), 1.5]})
    assert json.loads(framed[6:]) == {"id": 5, "result": {"x": None, "y": [None, 1.5]}}
    assert int(framed[1:5], 16) == len(framed)


def test_a_reply_too_long_for_four_digits_has_more_of_them() -> None:
    for size in (65526, 65527, 65528, 65536, 200_000):
        framed = render(Form.FRAMED, None, "x" * size)
        digits, _, body = framed[1:].partition(b"}")
        assert int(digits, 16) == len(framed)
        assert body == b"x" * size + b"\r\n"


def test_a_fault_in_each_form() -> None:
    fault = Fault(15, "interlocked by B", name="A", action="open")
    fault.data = {"kind": "Interlocked", "code": 99}
    line = b"ERROR 015 : Valve A failed to actuate open (interlocked by B)\r\n"
    assert render_fault(Form.PLAIN, None, fault) == line
    assert render_fault(Form.FRAMED, None, fault)[6:] == line
    error = json.loads(render_fault(Form.JSON, "b:1", fault))["error"]
    assert (error["code"], error["kind"]) == (15, "Interlocked")


def test_a_result_that_no_verb_may_give_is_an_error_of_the_program() -> None:
    with pytest.raises(TypeError):
        render(Form.PLAIN, None, object())


def test_our_own_requests_fit_their_frame() -> None:
    assert frame("Open A") == b"{000E}Open A\r\n"
    with pytest.raises(ValueError, match="too long"):
        frame("x" * 70000)
