"""Words and checksums: the worked examples of the protocol's specification, and round trips."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.extraction_line.states import Kind
from pychron.extraction_line.words import (
    BadWord,
    checked,
    checksum_request,
    crc,
    owner_in_words,
    owners_word,
    read_owners_word,
    read_state_word,
    state_checksum,
    state_word,
)

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters=",|:-<>", exclude_categories=["C", "Z"]), min_size=1
)


@pytest.mark.parametrize(("text", "expected"), [("123456789", "374b"), ("", "ffff")])
def test_the_check_values_of_the_crc(text: str, expected: str) -> None:
    assert crc(text) == expected


@pytest.mark.parametrize(
    ("pairs", "word"),
    [
        ([("A", True), ("B", False)], "A1,B0e78e"),
        ([("A", True), ("B", False), ("C", False)], "A1,B0,C0257a"),
        ([("A", True), ("B", False), ("C", True)], "A1,B0,C1e4ba"),
        ([("Ti", True), ("Tu", False)], "Ti1,Tu015fc"),
        ([("A", True), ("B", False), ("V10", False)], "A1,B0,V100daab"),
        ([("A", True)], "A1f034"),
        ([], "ffff"),
    ],
)
def test_state_words(pairs: list[tuple[str, bool]], word: str) -> None:
    assert state_word(pairs) == word
    assert read_state_word(word) == dict(pairs)
    assert read_state_word(f"{word}\r\n") == dict(pairs)


def test_the_old_layout_of_pairs() -> None:
    assert read_state_word(checked("A1B0C1")) == {"A": True, "B": False, "C": True}
    assert read_state_word(checked("V101")) == {"V10": True}
    assert read_state_word(checked("A1B1"), known=["A1B"]) == {"A1B": True}
    assert read_state_word(checked("1101"), known=["1", "0"]) == {"1": True, "0": True}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("A,B,C|4edf4", {"A": True, "B": False, "C": False}),
        ("A,B,<V10>|2fe4a", {"A": False, "B": True, "V10": False}),
    ],
)
def test_v1_words_are_read(word: str, expected: dict[str, bool]) -> None:
    assert read_state_word(word) == expected


@pytest.mark.parametrize(
    "word",
    [
        "",
        "A1",
        "W:2A6",
        "A,B,<V10>:2cc2a",
        "A1,B0e78f",
        "A1,B0E78E",
        "No Response",
        "ERROR 003 : invalid command: GetValveStates",
        checked("A1,B2"),
        checked("A1,,B0"),
        checked("A1,1"),
        checked("A1,A0"),
        checked("A,B|8"),
        checked("A,B|"),
        checked("A,B|x"),
        checked("A,A|1"),
        checked("|1"),
        checked("A|-1"),
    ],
)
def test_a_word_that_cannot_be_believed_says_nothing(word: str) -> None:
    with pytest.raises(BadWord):
        read_state_word(word)


def test_every_cut_of_a_word_is_noticed() -> None:
    word = state_word([("A", True), ("B", False), ("V10", True)])
    for end in range(len(word)):
        with pytest.raises(BadWord):
            read_state_word(word[:end])


@given(st.lists(st.tuples(NAMES, st.booleans()), unique_by=lambda p: p[0]))
def test_state_words_round_trip(pairs: list[tuple[str, bool]]) -> None:
    assert read_state_word(state_word(pairs), known=[n for n, _ in pairs]) == dict(pairs)


@given(st.text())
def test_garbage_is_a_bad_word_or_a_table(text: str) -> None:
    for word in (text, checked(text)):
        for read in (read_state_word, read_owners_word):
            try:
                assert isinstance(read(word), dict)
            except BadWord as bad:
                assert str(bad)


def test_owners_words() -> None:
    assert owners_word({"A": "10.0.0.5", "B": "", "V10": ""}) == "B,V10:10.0.0.5-A9d63"
    assert read_owners_word("B,V10:10.0.0.5-A9d63") == {"B": "", "V10": "", "A": "10.0.0.5"}
    assert owners_word({"A": "", "B": ""}) == checked("A,B")
    assert read_owners_word(checked("10.0.0.5-A,B")) == {"A": "10.0.0.5", "B": "10.0.0.5"}
    assert read_owners_word(checked("")) == {}
    assert owners_word({"A": "fe80::1", "B": "lab-pc"}) == checked("fe80__1-A:lab_pc-B")


@pytest.mark.parametrize(
    "word", ["", "A,B", checked("A,,B"), checked("A:10.0.0.5-A"), checked("A:"), checked("x-")]
)
def test_bad_owners_words(word: str) -> None:
    with pytest.raises(BadWord):
        read_owners_word(word)


@given(
    st.dictionaries(
        NAMES, st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters=".-:"))
    )
)
def test_owners_words_round_trip(owners: dict[str, str]) -> None:
    assert read_owners_word(owners_word(owners)) == {n: owner_in_words(o) for n, o in owners.items()}


A = (Kind.VALVE, "A", True, False)
B = (Kind.VALVE, "B", False, False)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], 0),
        ([A], 1500314949),
        ([A, B], 130361841),
        ([A, (Kind.VALVE, "B", False, True)], 740492851),
        ([A, B, (Kind.SWITCH, "J", False, False), (Kind.MANUAL_VALVE, "T", True, True)], 3861558376),
        ([(Kind.DOUBLE_ACTUATION_VALVE, "A", True, False)], 1500314949),
    ],
)
def test_state_checksums(items: list[tuple[Kind, str, bool, bool]], expected: int) -> None:
    assert state_checksum(items) == expected


def test_names_are_asked_sorted_and_a_single_one_twice() -> None:
    assert checksum_request(["V10"]) == ("V10", "V10")
    assert checksum_request(["B", "A"]) == ("A", "B")
    assert checksum_request([]) == ()
