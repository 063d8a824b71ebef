"""YAML as texts with lines: nothing is guessed to be a boolean, number or date, nothing is dropped.

A valve may be named `N` and a time may read `12:30:45`: every scalar stays the text that was written, and who asks
for it decides what it means. Duplicate keys, tags, merge keys, deep nesting and alias bombs are errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pychron.config.fields import Value
from pychron.config.file_text import read_text
from pychron.config.problems import Place, Report

DEPTH = 40
NODES = 100_000


@dataclass(frozen=True, slots=True)
class YamlText:
    """A scalar. An absent one (`key:`, `~`, `null`) has an empty text."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class YamlList:
    """A sequence, in file order."""

    items: tuple[YamlNode, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class YamlTable:
    """Keys in file order. `places` holds the place of each key."""

    entries: dict[str, YamlNode]
    places: dict[str, Place]
    place: Place


YamlNode = YamlText | YamlList | YamlTable


class _Refused(yaml.MarkedYAMLError):
    """Allowed by YAML and not here."""


class _Loader(yaml.SafeLoader):
    """Composes only: no resolver, hence no type but text; nesting is bounded before it can recurse."""

    yaml_implicit_resolvers: dict[str, Any] = {}
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.depth += 1
        if self.depth > DEPTH:
            raise _Refused(problem="is nested too deeply", problem_mark=self.get_mark())
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Walk:
    """Turns PyYAML's nodes into ours; aliases are copied, so the number of copies is bounded."""

    def __init__(self, path: Path, report: Report) -> None:
        self.path = path
        self.report = report
        self.left = NODES

    def place(self, node: yaml.Node) -> Place:
        return self.report.place(self.path, node.start_mark.line + 1)

    def convert(self, node: yaml.Node, depth: int) -> YamlNode:
        self.left -= 1
        if self.left < 0 or depth > DEPTH:
            raise _Refused(problem="its aliases (*name) unfold too far", problem_mark=node.start_mark)
        if node.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"):
            raise _Refused(
                problem=f"the tag {node.tag} is not allowed; write plain text", problem_mark=node.start_mark
            )
        if isinstance(node, yaml.SequenceNode):
            return YamlList(tuple(self.convert(n, depth + 1) for n in node.value), self.place(node))
        if isinstance(node, yaml.MappingNode):
            return self.table(node, depth)
        text = str(node.value)
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise _Refused(problem="half a character (a lone surrogate)", problem_mark=node.start_mark)
        if getattr(node, "style", None) is None and text in ("~", "null", "Null", "NULL"):
            text = ""
        return YamlText(text, self.place(node))

    def table(self, node: yaml.MappingNode, depth: int) -> YamlTable:
        entries: dict[str, YamlNode] = {}
        places: dict[str, Place] = {}
        for key_node, value_node in node.value:
            key = self.convert(key_node, depth + 1)
            if not isinstance(key, YamlText):
                raise _Refused(problem="a key must be plain text", problem_mark=key_node.start_mark)
            if key.text == "<<":
                raise _Refused(
                    problem="merge keys (<<) are not read; write the keys out",
                    problem_mark=key_node.start_mark,
                )
            value = self.convert(value_node, depth + 1)
            if key.text in entries:
                self.report.error(
                    key.place,
                    f"the key {key.text} stands twice in one table, first in line {places[key.text].line}; keep one",
                    code="double_key",
                )
                continue
            entries[key.text] = value
            places[key.text] = key.place
        return YamlTable(entries, places, self.place(node))


def read_yaml(path: Path, report: Report) -> YamlNode | None:
    """The whole document, or None where it is empty or cannot be read (an error is in the report then)."""
    text = read_text(path, report)
    return None if text is None else parse_yaml(text, path, report)


def parse_yaml(text: str, path: Path, report: Report) -> YamlNode | None:
    """As `read_yaml`, from text."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
        return None if node is None else _Walk(path, report).convert(node, 0)
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        words = [w for w in (failure.context, failure.problem) if w]
        column = f" (column {mark.column + 1})" if mark is not None else ""
        report.error(
            report.place(path, mark.line + 1 if mark is not None else 0),
            f"cannot be read as YAML: {', '.join(words)}{column}",
            code="yaml",
        )
    except yaml.reader.ReaderError as failure:
        line = text.count("\n", 0, failure.position) + 1
        what = ascii(text[failure.position : failure.position + 1])
        report.error(
            report.place(path, line),
            f"holds the character {what}, which YAML does not allow; delete it, or save the file as UTF-8",
            code="yaml",
        )
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as failure:
        why = str(failure).splitlines()[0] if str(failure) else type(failure).__name__
        report.error(report.place(path), f"cannot be read as YAML: {why}", code="yaml")
    return None


def texts(node: YamlNode) -> Iterator[Value]:
    """A text, or each text of a list: what a key that may be repeated holds."""
    if isinstance(node, YamlText):
        yield Value(node.text, node.place)
    elif isinstance(node, YamlList):
        for item in node.items:
            yield from texts(item)


def leaves(table: YamlTable, prefix: str = "") -> dict[str, list[Value]]:
    """All texts of a table by key, nested tables as `outer.inner`."""
    found: dict[str, list[Value]] = {}
    for key, node in table.entries.items():
        if isinstance(node, YamlTable):
            found.update(leaves(node, f"{prefix}{key}."))
        else:
            found[prefix + key] = list(texts(node)) or [Value("", table.places[key])]
    return found
