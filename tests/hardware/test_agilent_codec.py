import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.hardware import agilent_codec as codec

ADDRESSES = st.from_regex(r"[1-8][0-9]{2,3}", fullmatch=True)


def test_golden_bytes():
    assert codec.command("101", opens=True) == b"ROUT:OPEN (@101)\n"
    assert codec.command("320", opens=False) == b"ROUT:CLOSE (@320)\n"
    assert codec.question(("101", "103"), opens=True) == b"ROUT:OPEN? (@101,103)\n"
    assert codec.question_and_error(("101",), opens=False) == b"ROUT:CLOSE? (@101)\nSYST:ERR?\n"
    assert codec.step_in(37) == b"*ESE 37\n*ESE 37\n*ESE?\n"


@pytest.mark.parametrize(
    "address",
    ["", "1", "11", "901", "1O1", "101)", "101,102", "@101", "101;*RST", "101\n*RST", "101\n", " 101", "1٠١"],
)
def test_what_is_no_address_is_said(address):
    assert "write for example 101" in codec.check_address(address)


@given(ADDRESSES, st.booleans())
def test_a_command_names_one_relay_and_nothing_else(address, opens):
    assert codec.check_address(address) == ""
    assert re.fullmatch(rb"ROUT:(OPEN|CLOSE) \(@\d{3,4}\)\n", codec.command(address, opens))


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.sampled_from([b"", b"+"]))
def test_a_list_of_relays_comes_back_as_it_was(values, sign):
    line = b",".join(sign + (b"1" if v else b"0") for v in values)
    assert codec.answer(line, len(values)) == values
    with pytest.raises(codec.NotUnderstood):
        codec.answer(line, len(values) + 1)


@given(st.integers(-999, 999), st.text("abc XYZ;,.'", max_size=30))
def test_an_error_comes_back_as_it_was(number, text):
    assert codec.error(b'%+d,"%s"' % (number, text.encode())) == (number, text)


@given(st.binary(max_size=80), st.integers(1, 40))
def test_garbage_is_understood_or_refused_and_never_more(line, expected):
    for read in (lambda: codec.answer(line, expected), lambda: codec.error(line)):
        with suppress(codec.NotUnderstood):
            read()


@given(st.integers(2, 255), st.integers(0, 300))
def test_only_the_number_that_was_asked_for_is_the_step(number, other):
    assert codec.is_step(b"+%d" % number, number) and codec.is_step(b"%d\r" % number, number)
    assert codec.is_step(b"%d" % other, number) is (other == number)


@pytest.mark.parametrize(
    "line", [b"0", b"1", b"+1", b"1,0,1,0", b'+0,"No error"', b"HEWLETT-PACKARD,34970A,0,1", b""]
)
def test_no_other_answer_is_a_step(line):
    assert not any(codec.is_step(line, n) for n in range(2, 256))
