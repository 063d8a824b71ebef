"""What a script says about itself: the YAML in its docstring, read on the node.

The docstring is found by its tokens, without compiling the script: a script of Python 2 has its metadata too, and
nothing in a script's text can hold up or harm the node.
"""

from __future__ import annotations

import ast
import io
import math
import tokenize
from dataclasses import dataclass
from pathlib import Path

from pychron.config.fields import Value
from pychron.config.problems import Report
from pychron.config.yaml_file import YamlTable, leaves, parse_yaml

LONGEST = 64 * 1024
_BEFORE = (tokenize.ENCODING, tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE)


@dataclass(frozen=True, slots=True)
class Metadata:
    """The values by key, nested ones as `outer.inner`, each with its line in the script."""

    values: dict[str, Value]

    def text(self, key: str, default: str = "") -> str:
        """As it is written."""
        return self.values[key].text if key in self.values else default

    def number(self, key: str, default: float, report: Report) -> float:
        """`eqtime` has the default -1, `sensitivity_multiplier` 1. What is no finite number is an error in
        `report`, and the default."""
        value = self.values.get(key)
        if value is None:
            return default
        try:
            number = float(value.text)
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            return number
        report.error(value.place, f"{key}: {value.text!r} is no number", code="metadata")
        return default


def docstring(source: str) -> tuple[str, int]:
    """The module's docstring and the line on which it begins; an empty text where there is none."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in _BEFORE:
                continue
            if token.type != tokenize.STRING or len(token.string) > LONGEST:
                break
            text = ast.literal_eval(token.string)
            return (text, token.start[0]) if isinstance(text, str) else ("", 0)
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass
    return "", 0


def read_metadata(source: str, path: Path, report: Report) -> Metadata:
    """The metadata of a script. A docstring that is prose has none; one that is neither is a warning."""
    text, line = docstring(source)
    if not text.strip():
        return Metadata({})
    found = Report(report.root)
    table = parse_yaml("\n" * (line - 1) + text, path, found)
    for problem in found.problems:
        if ":" in text:
            report.warning(
                problem.place, f"the docstring: {problem.text}; no metadata is read", code="metadata"
            )
    if not isinstance(table, YamlTable) or found.errors:
        return Metadata({})
    return Metadata({key: values[0] for key, values in leaves(table).items() if values})
