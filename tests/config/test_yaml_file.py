"""YAML keeps lines and texts, and refuses what could hide something."""

from __future__ import annotations

from pathlib import Path

import pytest

from pychron.config.problems import Report
from pychron.config.yaml_file import YamlTable, leaves, parse_yaml


def parse(text: str) -> tuple[object, list[str]]:
    report = Report()
    node = parse_yaml(text, Path("f.yaml"), report)
    return node, [str(p) for p in report.problems]


def test_nothing_becomes_a_boolean_a_number_or_a_date():
    node, problems = parse("N: Y\non: off\nat: 12:30:45\nday: 2026-11-23\noctal: 0101\nfloat: 1e5\n")
    assert isinstance(node, YamlTable)
    assert {k: v[0].text for k, v in leaves(node).items()} == {
        "N": "Y",
        "on": "off",
        "at": "12:30:45",
        "day": "2026-11-23",
        "octal": "0101",
        "float": "1e5",
    }
    assert problems == []


def test_absent_values_are_empty_and_quoted_ones_are_not():
    node, _ = parse("a:\nb: ~\nc: null\nd: 'null'\n")
    assert isinstance(node, YamlTable)
    assert [v[0].text for v in leaves(node).values()] == ["", "", "", "null"]


def test_lines_are_those_of_the_values():
    node, _ = parse("- {name: A,\n   parent: {name: P,\n     inverted: true}}\n")
    table = node.items[0]
    assert [(k, v[0].place.line) for k, v in leaves(table).items()] == [
        ("name", 1),
        ("parent.name", 2),
        ("parent.inverted", 3),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "a: 1\nb: 2\na: 3\n",
            "f.yaml:3: error: the key a stands twice in one table, first in line 1; keep one",
        ),
        ("x:\n  - !!python/object:os.system {}\n", "f.yaml:2: error: cannot be read as YAML: the tag "),
        (
            "<<: {a: 1}\n",
            "f.yaml:1: error: cannot be read as YAML: merge keys (<<) are not read; write the keys",
        ),
        ("a: &a [*a]\n", "f.yaml:1: error: cannot be read as YAML: its aliases (*name) unfold too far"),
        ("[" * 60 + "]" * 60, "f.yaml:1: error: cannot be read as YAML: is nested too deeply"),
        (
            "a: b: c\n",
            "f.yaml:1: error: cannot be read as YAML: mapping values are not allowed here (column 5)",
        ),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: error: cannot be read as YAML: expected a single document"),
        ("[1, 2]: x\n", "f.yaml:1: error: cannot be read as YAML: a key must be plain text"),
        ('"\\ud800"', "f.yaml:1: error: cannot be read as YAML: half a character"),
        ('"\\UFFFFFFFF"', "f.yaml:0: error: cannot be read as YAML: "),
    ],
)
def test_what_is_refused(text, problem):
    _, problems = parse(text)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_an_alias_bomb_is_refused_in_bounded_time():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 8)}]\n" for i in range(1, 9)
    )
    node, problems = parse(bomb)
    assert node is None
    assert "its aliases (*name) unfold too far" in problems[0]


def test_an_alias_of_honest_size_is_copied():
    node, problems = parse("a: &x {host: h}\nb: *x\n")
    assert isinstance(node, YamlTable)
    assert leaves(node)["b.host"][0].text == "h"
    assert problems == []


def test_a_character_that_yaml_does_not_allow_has_its_line():
    """As a curly quote of Windows reads in Latin-1."""
    _, problems = parse("a: 1\nb: Tank\x92s valve\n")
    assert problems == [
        "f.yaml:2: error: holds the character '\\x92', which YAML does not allow; delete it, or save the file as UTF-8"
    ]


def test_a_problem_is_one_line_that_moves_no_cursor():
    report = Report()
    report.warning(report.place("f.yaml", 3), "it holds '\x1b[2J\u202e'\nand more")
    assert str(report.problems[0]) == "f.yaml:3: warning: it holds '\\x1b[2J\\u202e' and more"
