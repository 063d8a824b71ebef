"""What an option of a node may hold, and how it is read from a file with its problems told. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from pychron.config.fields import Fields
from pychron.config.problems import Report, nearest
from pychron.config.yaml_file import YamlList, YamlNode, YamlTable, YamlText
from pychron.expressions.language import ExpressionError, parse
from pychron.pipeline.templates.template import Option as OptionValue


class Kind(StrEnum):
    """How a value is read."""

    TEXT = "text"
    WORDS = "list of words"
    NUMBER = "number"
    NUMBERS = "list of numbers"
    COUNT = "whole number"
    FLAG = "true or false"
    CHOICE = "one of"
    EXPRESSION = "expression"
    ROWS = "list of tables"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a node class."""

    key: str
    kind: Kind
    default: OptionValue
    says: str
    """One line for the reference."""
    choices: tuple[str, ...] = ()
    """Of CHOICE and WORDS (any word where empty); of ROWS the keys of a table."""
    minimum: float = -inf
    maximum: float = inf
    required: bool = False


def read_option(option: Option, node: YamlNode | None, fields: Fields, report: Report) -> OptionValue:
    """The typed value; what is wrong with it is in the report, and the default is given then."""
    key = option.key
    fields.asked.add(key)
    if option.required and node is None:
        fields.wrong(key, f"has no {key}; write one: {option.says}")
        return option.default
    if option.kind is Kind.ROWS:
        return _rows(option, node, fields, report)
    if isinstance(node, YamlTable) or (isinstance(node, YamlList) and option.kind not in _LISTS):
        fields.wrong(key, f"{key}: write {_said(option)} here", node.place)
        return option.default
    match option.kind:
        case Kind.FLAG:
            return fields.flag(key, bool(option.default))
        case Kind.NUMBER:
            return fields.number(key, _number(option), minimum=option.minimum, maximum=option.maximum)
        case Kind.COUNT:
            return fields.integer(
                key,
                int(_number(option)),
                minimum=int(max(option.minimum, -1e9)),
                maximum=int(min(option.maximum, 1e9)),
            )
        case Kind.CHOICE:
            return fields.choice(key, str(option.default), option.choices)
        case Kind.WORDS:
            return _words(option, node, fields)
        case Kind.NUMBERS:
            return _numbers(option, fields)
        case Kind.EXPRESSION:
            return _expression(option, fields)
    return fields.text(key, str(option.default))


_LISTS = (Kind.WORDS, Kind.NUMBERS)


def _said(option: Option) -> str:
    return option.kind if option.kind is not Kind.CHOICE else " or ".join(option.choices)


def _number(option: Option) -> float:
    return float(option.default) if isinstance(option.default, int | float) else 0.0


def _words(option: Option, node: YamlNode | None, fields: Fields) -> OptionValue:
    """A list that is written and empty is none; what is not written is the default."""
    found = fields.texts(option.key)
    if not found:
        return () if isinstance(node, YamlList) else option.default
    folded = {c.casefold(): c for c in option.choices}
    words = []
    for value in found:
        word = folded.get(value.text.casefold()) if folded else value.text
        if word is None:
            known = nearest(value.text, option.choices) or f"; write {', '.join(option.choices)}"
            fields.wrong(option.key, f"{option.key}: {value.text!r} is not known{known}", value.place)
        else:
            words.append(word)
    return tuple(words)


def _numbers(option: Option, fields: Fields) -> OptionValue:
    numbers = []
    for value in fields.texts(option.key):
        try:
            numbers.append(float(value.text))
        except ValueError:
            fields.wrong(option.key, f"{option.key}: {value.text!r} is not a number", value.place)
    return tuple(numbers) if option.key in fields else option.default


def _expression(option: Option, fields: Fields) -> OptionValue:
    text = fields.text(option.key, str(option.default))
    if text:
        try:
            parse(text)
        except ExpressionError as wrong:
            fields.wrong(option.key, f"{option.key}: {wrong}")
            return option.default
    return text


def _rows(option: Option, node: YamlNode | None, fields: Fields, report: Report) -> OptionValue:
    if node is None or (isinstance(node, YamlText) and not node.text):
        return option.default
    items = node.items if isinstance(node, YamlList) else (node,)
    rows = []
    for item in items:
        if not isinstance(item, YamlTable):
            fields.wrong(
                option.key, f"{option.key}: each entry is a table of {', '.join(option.choices)}", item.place
            )
            continue
        rows.append(_row(option, item, report))
    return tuple(rows)


def _row(option: Option, table: YamlTable, report: Report) -> dict[str, str]:
    row = {}
    for key, value in table.entries.items():
        if not _known(key, option.choices):
            report.error(
                table.places[key],
                f"{option.key}: {key} is not a key of an entry{nearest(key, option.choices)}",
                code=option.key,
                value=key,
            )
        elif isinstance(value, YamlText):
            row[key] = value.text
        else:
            report.error(value.place, f"{option.key}: {key}: write plain text here", code=option.key)
    return row


def _known(key: str, choices: Collection[str]) -> bool:
    return key in choices
