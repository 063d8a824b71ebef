"""Packed series: golden bytes, every cut, written forms, garbage."""

from __future__ import annotations

import base64
import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.dvc.blobs import BadBlob, decode

POINTS = [(0.5, 1.0), (-2.25, 3e5), (1e-3, float("nan"))]
BYTES = b"".join(struct.pack(">ff", t, y) for t, y in POINTS)


def text(data):
    return base64.b64encode(data).decode()


def test_golden():
    found = decode("P4AAAEAAAADAAAAAQEAAAA==")
    assert found.t.tolist() == [1.0, -2.0]
    assert found.y.tolist() == [2.0, 3.0]


@pytest.mark.parametrize("cut", range(len(BYTES) + 1))
def test_every_cut_gives_the_whole_points_and_says_what_is_left(cut):
    found = decode(text(BYTES[:cut]))
    assert (len(found.t), found.tail) == divmod(cut, 8)
    np.testing.assert_array_equal(found.t, np.array([t for t, _ in POINTS[: cut // 8]], np.float32))


def test_bytes_in_their_written_form_are_read():
    np.testing.assert_array_equal(decode(text(repr(BYTES).encode())).y, decode(text(BYTES)).y)


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_no_point(nothing):
    assert len(decode(nothing).t) == 0


@pytest.mark.parametrize(
    "bad", [3, ["x"], "not base64!", "AAA", text(b"b'\\x0'"), text(b"b'" + b"\xff" * 3 + b"'")]
)
def test_garbage_is_refused_with_a_reason(bad):
    with pytest.raises(BadBlob, match=r"\w+"):
        decode(bad)


@given(st.lists(st.tuples(st.floats(width=32), st.floats(width=32)), max_size=50))
def test_round_trip(points):
    found = decode(text(b"".join(struct.pack(">ff", t, y) for t, y in points)))
    np.testing.assert_array_equal(found.t, np.array([t for t, _ in points], np.float32))
    np.testing.assert_array_equal(found.y, np.array([y for _, y in points], np.float32))


@given(st.text())
def test_any_text_is_decoded_or_refused(anything):
    with contextlib.suppress(BadBlob):
        decode(anything)
