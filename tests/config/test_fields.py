"""Typed getters: what cannot be read is reported where it stands, and the default is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.config.fields import Fields, Value
from pychron.config.problems import Place, Report
from pychron.config.words import read_flag


def fields(**values: str) -> Fields:
    table = {
        key: (Value(text, Place("f.yaml", number)),) for number, (key, text) in enumerate(values.items(), 2)
    }
    return Fields(table, Place("f.yaml", 1), Report(), "valve A", ("A",))


def said(f: Fields) -> list[str]:
    return [str(p) for p in f.report.problems]


@pytest.mark.parametrize("word", ["true", "T", " Yes ", "y", "1", "on", "OK", "open"])
def test_words_of_yes(word):
    assert read_flag(word) is True


@pytest.mark.parametrize("word", ["false", "F", "no", "N", "0", "off", "Closed"])
def test_words_of_no(word):
    assert read_flag(word) is False


def test_a_flag_that_is_neither_is_an_error_with_its_line():
    f = fields(track="maybe")
    assert f.flag("track", default=True) is True
    assert said(f) == [
        "f.yaml:2: error: valve A: track: 'maybe' is neither true nor false; write true or false"
    ]
    assert f.report.problems[0].touches == ("A",)
    assert (f.report.problems[0].code, f.report.problems[0].value) == ("track", "maybe")


@pytest.mark.parametrize("word", ["x", "1,5", "nan", "inf", "1_000", "0x10", "--1", "1e999", "٣"])
def test_what_is_no_number(word):
    f = fields(settling_time=word)
    assert f.number("settling_time", 0.5) == 0.5
    assert len(f.report.errors) == 1


def test_numbers_out_of_range_say_the_range():
    f = fields(settling_time="-1", timeout="0", port="70000")
    assert f.number("settling_time", 0.0, minimum=0.0, maximum=600.0) == 0.0
    assert f.seconds("timeout", 2.0) == 2.0
    assert f.port(default=1061) == 1061
    assert said(f) == [
        "f.yaml:2: error: valve A: settling_time: -1 is out of range; write a number at least 0 and at most 600",
        "f.yaml:3: error: valve A: timeout: 0 is out of range; write a number above 0 and at most 86400",
        "f.yaml:4: error: valve A: port: 70000 is out of range; write a number at least 1 and at most 65535",
    ]


def test_a_choice_names_the_nearest():
    f = fields(kind="TPC")
    assert f.choice("kind", "TCP", ("TCP", "UDP")) == "TCP"
    assert said(f) == [
        "f.yaml:2: error: valve A: kind: 'TPC' is not known; write TCP or UDP; did you mean TCP?"
    ]


def test_unknown_keys_name_the_nearest_and_are_errors_where_they_look_meant():
    f = fields(adress="101", colour="red")
    f.text("address")
    f.unknown(near_is_error=True)
    assert said(f) == [
        "f.yaml:2: error: valve A: adress is not a known key; did you mean address?",
        "f.yaml:3: warning: valve A: colour is not a known key and is ignored",
    ]


def test_a_key_twice_keeps_the_first():
    place = Place("f.xml", 3)
    f = Fields({"address": (Value("1", place), Value("2", Place("f.xml", 4)))}, place, Report())
    assert f.text("address") == "1"
    assert said(f) == ["f.xml:4: error: address stands more than once; keep one"]


@given(st.text(max_size=30))
def test_no_text_makes_a_getter_raise(word):
    f = fields(x=word)
    assert 0 <= f.number("x", 1.0, minimum=0.0, maximum=9.0) <= 9
    assert 1 <= f.port("x", 1061) <= 65535
    f.flag("x", default=False)
    f.host("x")
    f.choice("x", "", ("a", "b"))
    f.texts("x")
