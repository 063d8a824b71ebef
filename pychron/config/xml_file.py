"""XML as a frozen tree with lines. No document type, entities or network; stray text is reported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from pychron.config.file_text import read_bytes
from pychron.config.problems import Place, Report

_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class XmlElement:
    """`text` is what stands before the first child, stripped: the element's name or value."""

    tag: str
    text: str
    attributes: dict[str, str]
    children: tuple[XmlElement, ...]
    place: Place

    def all(self, tag: str) -> Iterator[XmlElement]:
        """The children of that tag."""
        return (child for child in self.children if child.tag == tag)

    def first(self, tag: str) -> XmlElement | None:
        """The first child of that tag."""
        return next(self.all(tag), None)


def read_xml(path: Path, report: Report) -> XmlElement | None:
    """The root element, or None with an error in the report."""
    data = read_bytes(path, report)
    return None if data is None else parse_xml(data, path, report)


def parse_xml(data: bytes, path: Path, report: Report) -> XmlElement | None:
    """As `read_xml`, from bytes."""
    if b"\x00" in data:
        line = data.count(b"\n", 0, data.index(b"\x00")) + 1
        report.error(report.place(path, line), "holds NUL bytes; save the file as UTF-8", code="xml")
        return None
    bare = _COMMENT.sub(lambda found: b"\n" * found[0].count(b"\n"), data)
    at = bare.find(b"<!DOCTYPE")
    if at >= 0:
        report.error(
            report.place(path, bare.count(b"\n", 0, at) + 1),
            "has a document type (<!DOCTYPE ...>), which is refused; delete it",
            code="doctype",
        )
        return None
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
        if root.getroottree().docinfo.internalDTD is not None:
            report.error(
                report.place(path), "has a document type, which is refused; delete it", code="doctype"
            )
            return None
        return _Walk(path, report, data.split(b"\n")).convert(root)
    except etree.XMLSyntaxError as failure:
        line, column = failure.position
        why = re.sub(r", line \d+, column \d+( \(.*\))?$", "", failure.msg or "syntax error")
        report.error(
            report.place(path, line or 0), f"cannot be read as XML: {why} (column {column or 0})", code="xml"
        )
    except (etree.LxmlError, ValueError, LookupError) as failure:
        report.error(report.place(path), f"cannot be read as XML: {failure}", code="xml")
    return None


class _Walk:
    def __init__(self, path: Path, report: Report, lines: list[bytes]) -> None:
        self.path = path
        self.report = report
        self.lines = lines

    def convert(self, node: etree._Element) -> XmlElement:
        line = _line(node)
        children: list[XmlElement] = []
        for child in node:
            if isinstance(child.tag, str):
                children.append(self.convert(child))
            self.stray(child.tail, _line(child) or line)
        return XmlElement(
            tag=str(node.tag),
            text=(node.text or "").strip(),
            attributes={str(k): str(v) for k, v in node.attrib.items()},
            children=tuple(children),
            place=self.report.place(self.path, line),
        )

    def stray(self, tail: str | None, line: int) -> None:
        words = (tail or "").split("\n")
        for word in (w.strip() for w in words):
            if word:
                line = self.line_of(word, line)
                self.report.warning(
                    self.report.place(self.path, line),
                    f"text between elements is not read: {word[:60]!r}; make it a comment, <!-- {word[:60]} -->",
                    code="stray_text",
                )

    def line_of(self, word: str, line: int) -> int:
        """The first line from `line` on that holds the text: libxml2 knows the lines of elements only."""
        wanted = word.encode()
        for number in range(max(line, 1), len(self.lines) + 1):
            if wanted in self.lines[number - 1]:
                return number
        return line


def _line(node: etree._Element) -> int:
    line = node.sourceline
    return line if isinstance(line, int) else 0
