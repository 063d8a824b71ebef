"""XML keeps lines, reports stray text, and takes no document type."""

from __future__ import annotations

from pathlib import Path

import pytest

from pychron.config.problems import Report
from pychron.config.xml_file import XmlElement, parse_xml


def parse(data: bytes) -> tuple[XmlElement | None, list[str]]:
    report = Report()
    root = parse_xml(data, Path("f.xml"), report)
    return root, [str(p) for p in report.problems]


def test_text_attributes_children_and_lines():
    root, problems = parse(b"<root>\n <valve n='1'> A\n  <address>7</address>\n </valve>\n</root>")
    assert root is not None and problems == []
    valve = root.first("valve")
    assert valve is not None
    assert (valve.text, valve.attributes, valve.place.line) == ("A", {"n": "1"}, 2)
    assert [(c.tag, c.text, c.place.line) for c in valve.children] == [("address", "7", 3)]


def test_text_between_elements_is_reported_where_it_stands():
    root, problems = parse(b"<root>\n  <a/>\n\n  #Air\n  <a/> and\n  more &amp; more\n</root>")
    assert root is not None
    assert problems == [
        "f.xml:4: warning: text between elements is not read: '#Air'; make it a comment, <!-- #Air -->",
        "f.xml:5: warning: text between elements is not read: 'and'; make it a comment, <!-- and -->",
        "f.xml:5: warning: text between elements is not read: 'more & more'; make it a comment, <!-- more & more -->",
    ]


def test_comments_are_no_text():
    root, problems = parse(b"<root>A<!-- c --><b/><!-- <!DOCTYPE x> --></root>")
    assert root is not None and root.text == "A"
    assert problems == []


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "f.xml:1: error: cannot be read as XML: Document is empty (column 1)"),
        (
            b"<a>\n<b></a>",
            "f.xml:2: error: cannot be read as XML: Opening and ending tag mismatch: b line 2 and a",
        ),
        (
            b"\n<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>\n<a>&x;</a>",
            "f.xml:2: error: has a document type",
        ),
        (b"<a>&x;</a>", "f.xml:1: error: cannot be read as XML: Entity 'x' not defined"),
        (
            b"<?xml version='1.0' encoding='zzz'?><a/>",
            "f.xml:1: error: cannot be read as XML: Unsupported encoding",
        ),
        ("<a/>".encode("utf-16"), "f.xml:1: error: holds NUL bytes; save the file as UTF-8"),
        (b"<a>" * 400, "f.xml:1: error: cannot be read as XML: Excessive depth"),
    ],
)
def test_what_is_refused(data, problem):
    root, problems = parse(data)
    assert root is None
    assert len(problems) == 1
    assert problems[0].startswith(problem)


@pytest.mark.parametrize(
    "data",
    [b"<root>\n<!-- a -- b\n  <c/>\n</root>", b"\xef\xbb\xbf" + "<a/>".encode("cp037"), b"<a>\x1b[2J</a>"],
)
def test_what_the_parser_says_is_one_line(data):
    _, (problem,) = parse(data)
    assert problem.isprintable()
