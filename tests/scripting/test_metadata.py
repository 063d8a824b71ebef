"""Metadata of a script: its docstring, in YAML."""

from pathlib import Path

import pytest

from pychron.config.problems import Report
from pychron.scripting.metadata import docstring, read_metadata

PATH = Path("air.py")


def read(source):
    report = Report()
    return read_metadata(source, PATH, report), report


def test_values_with_their_lines():
    source = (
        "#!Measurement\n"
        '"""\n'
        "eqtime: 25\n"
        "sensitivity_multiplier: 0.5\n"
        "MIN_INTENSITY: 10\n"
        "multicollect: {counts: 100, detector: N}\n"
        '"""\n'
        "print 'python 2'\n"
    )
    metadata, report = read(source)
    assert metadata.number("eqtime", -1, report) == 25
    assert metadata.number("sensitivity_multiplier", 1, report) == 0.5
    assert metadata.number("absent", -1, report) == -1
    assert metadata.text("multicollect.detector") == "N"
    assert str(metadata.values["MIN_INTENSITY"].place) == "air.py:5"
    assert report.problems == []


def test_what_is_no_number():
    metadata, report = read('"""\neqtime: soon\n"""\n')
    assert metadata.number("eqtime", -1, report) == -1
    assert [str(problem) for problem in report.problems] == ["air.py:2: error: eqtime: 'soon' is no number"]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "def main():\n    pass\n",
        '"""Prepares the line"""\n',
        "'''",
        "x = '''eqtime: 3'''\n",
        'b"eqtime: 3"\n',
        "\0",
        "(",
        "# c",
    ],
)
def test_without_metadata(source):
    metadata, report = read(source)
    assert metadata.values == {}
    assert report.problems == []


def test_neither_yaml_nor_prose_is_a_warning():
    metadata, report = read('"""\na: 1\na: 2\n"""\n')
    assert metadata.values == {}
    assert [(p.severity, p.place.line) for p in report.problems] == [("warning", 3)]


def test_the_docstring_is_found_without_compiling():
    assert docstring('# c\n\n"""x"""\nprint "python 2"\n') == ("x", 3)
    assert docstring('"""' + "x" * 70_000 + '"""') == ("", 0)
