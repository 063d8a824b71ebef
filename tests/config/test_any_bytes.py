"""Whatever a file holds, reading it raises nothing and says what is wrong."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pychron.config.device_file import concrete, read_device_file
from pychron.config.initialization_file import read_initialization
from pychron.config.problems import Report
from pychron.extraction_line.files.valves_file import read_valves
from pychron.extraction_line.parking.park_file import read_park
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import Kind

WORDS = st.sampled_from(
    [
        "A",
        "B",
        "F",
        "name",
        "kind",
        "address",
        "interlock",
        "parent",
        "inverted",
        "pipette",
        "inner",
        "outer",
        "valve",
        "switch",
        "true",
        "off",
        "1e999",
        "-3",
        "é",
        ",|:",
        "host",
        "port",
        "klass",
        "do",
        "hold",
        "sequence",
        "open",
        "close",
        "when",
        "wait",
        "enabled",
        "\ud7ff",
    ]
)
XML = st.recursive(
    st.builds(
        "<{0}>{1}</{0}>".format, st.sampled_from(["interlock", "address", "inverted", "klass", "x"]), WORDS
    ),
    lambda inner: st.builds(
        "<{0} {1}='{2}'>{2}{3}</{0}> {2}\n".format,
        st.sampled_from(
            [
                "root",
                "valve",
                "group",
                "parent",
                "pipette",
                "plugin",
                "manager",
                "device",
                "plugins",
                "globals",
            ]
        ),
        st.sampled_from(["enabled", "name", "klass"]),
        WORDS.filter(lambda w: "'" not in w and "<" not in w),
        st.lists(inner, max_size=4).map("".join),
    ),
    max_leaves=12,
).map(lambda body: f"<root>{body}</root>".encode())
YAML = st.recursive(
    WORDS.map(lambda w: f'"{w}"'),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda x: f"[{', '.join(x)}]")
        | st.lists(st.tuples(WORDS.map(lambda w: f'"{w}"'), inner), max_size=5).map(
            lambda x: "{" + ", ".join(f"{k}: {v}" for k, v in x) + "}"
        )
    ),
    max_leaves=15,
).map(str.encode)
INI = st.lists(st.tuples(st.sampled_from(["[General]", "x=", " ", "[Communications]", "port="]), WORDS)).map(
    lambda lines: "\n".join(a + b for a, b in lines).encode()
)
CONTENT = st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | XML | YAML | INI
LINE = LineSpec((SwitchSpec("A", Kind.VALVE, Report().place("v", 1)),))


@pytest.mark.parametrize("name", ["f.xml", "f.yaml", "f.cfg"])
@settings(max_examples=150, deadline=None)
@given(content=CONTENT)
def test_no_content_makes_a_reader_raise(name, content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        report = Report(Path(folder))
        if name == "f.xml":
            read_initialization(path, report)
        else:
            device = read_device_file(path, report)
            if device is not None:
                concrete(device, Path(folder), report)
        if name != "f.cfg":
            line = read_valves(path, report, actuators={})
            read_park(path, line or LINE, report)
            if line is not None:
                assert len(line.by_name) == len(line.switches)
                assert all(p.inner in line.by_name and p.outer in line.by_name for p in line.pipettes)
        for problem in report.sorted():
            str(problem).encode()
