"""Canvas files in both formats, and what is wrong in them, each with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.config.problems import Report
from pychron.extraction_line.network.canvas import Part
from pychron.extraction_line.network.canvas_file import find_canvas, read_canvas
from pychron.extraction_line.network.graph import network_of
from pychron.extraction_line.network.regions import snapshot

BOTH = {
    "canvas.xml": """<root>
<turbo display_name="">T<translation>0,1</translation><dimension>4,3</dimension><color>1,2,3</color></turbo>
<stage>S<translation>9,0</translation><volume>7</volume></stage>
<valve>A<translation>5,0</translation><open_volume>3</open_volume></valve>
<connection orientation="vertical"><start>T</start><end offset="1,2">A</end><volume>2</volume></connection>
<hconnection><start>A</start><end>S</end></hconnection>
<tee_connection><left>T</left><mid>S</mid><right>A</right></tee_connection>
<label>Hall<translation>1,1</translation></label>
</root>""",
    "canvas.yaml": """turbo:
- {name: T, display_name: "", translation: "0,1", dimension: [4, 3], color: "1,2,3"}
stage: [{name: S, translation: {x: 9, y: 0}, volume: 7}]
valve: [{name: A, translation: "5,0", open_volume: 3}]
connection:
- {orientation: vertical, start: T, end: {name: A, offset: "1,2"}, volume: 2}
hconnection: [{start: A, end: {name: S}}]
tee_connection: [{left: T, mid: S, right: A}]
label: [{text: Hall, translation: "1,1"}]
""",
}


def read(tmp_path, text, name="canvas.xml"):
    path = tmp_path / name
    path.write_text(text)
    report = Report(tmp_path)
    return read_canvas(path, report), report


@pytest.mark.parametrize("name", BOTH)
def test_both_formats_say_the_same(tmp_path, name):
    canvas, report = read(tmp_path, BOTH[name], name)
    assert report.problems == []
    turbo = canvas.by_name["T"]
    assert (turbo.part, turbo.shown, turbo.x, turbo.y) == (Part.PUMP, "", 0, 1)
    assert canvas.size("T") == (4, 3)
    assert canvas.size("A") == (2, 2)
    assert canvas.colour("T") == (1, 2, 3)
    assert canvas.by_name["A"].open_volume == 3
    first, second, tee = canvas.links
    assert (first.name, first.orientation, first.volume, first.ends[1].offset) == (
        "T_A",
        "vertical",
        2,
        (1, 2),
    )
    assert (second.orientation, tee.name) == ("horizontal", "T-S-A")
    assert [label.text for label in canvas.labels] == ["Hall"]
    assert len(network_of(canvas).edges) == 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("<pump>P<translation>0,0</translation></pump>", "write turbo or ionpump"),
        ("<vlave>P<translation>0,0</translation></vlave>", "did you mean valve?"),
        ("<valve>S<translation>0,0</translation></valve>", "has the name of the stage in line 2"),
        ("<valve><translation>0,0</translation></valve>", "has no name"),
        ("<valve>P</valve>", "no translation"),
        ("<valve>P<translation>0;0</translation></valve>", "no pair of numbers"),
        ("<valve>P<translation>0,nan</translation></valve>", "no number"),
        ("<stage>P<translation>0,0</translation><volume>-1</volume></stage>", "at least 0"),
        ("<stage>P<translation>0,0</translation><color>1,2,300</color></stage>", "no colour"),
        ("<connection><start>S</start><end>Sx</end></connection>", "there is no Sx on this canvas"),
        ("<connection><start>S</start></connection>", "has no end"),
    ],
)
def test_each_fault_has_its_line_and_remedy(tmp_path, line, said):
    text = f"<root>\n<stage>S<translation>0,0</translation></stage>\n{line}\n</root>"
    canvas, report = read(tmp_path, text)
    assert [(p.place.file, p.place.line, p.severity) for p in report.problems] == [
        ("canvas.xml", 3, "warning")
    ]
    assert said in report.problems[0].text
    assert "S" in canvas.by_name


def test_a_place_by_param(tmp_path):
    text = '<root><param name="left">4</param><stage>S<translation>left-1.5,left</translation></stage></root>'
    canvas, report = read(tmp_path, text)
    assert report.problems == []
    assert (canvas.by_name["S"].x, canvas.by_name["S"].y) == (2.5, 4)


def test_colours_that_name_each_other_end(tmp_path):
    text = "<root>" + "".join(
        f"<stage>{a}<translation>0,0</translation><color>{b}</color></stage>" for a, b in ("PQ", "QP")
    )
    canvas, _ = read(tmp_path, text + "</root>")
    assert canvas.colour("P") in ("P", "Q")


def test_yaml_goes_before_xml(tmp_path):
    folder = tmp_path / "canvas2D"
    folder.mkdir()
    for name, text in BOTH.items():
        (folder / name).write_text(text)
    report = Report(tmp_path)
    assert find_canvas(tmp_path, report) == folder / "canvas.yaml"
    assert "is not read" in report.problems[0].text


@given(st.text(alphabet="<>/abvle:{}[]-,. \n1\"'", max_size=80), st.sampled_from(["xml", "yaml"]))
def test_garbage_costs_the_drawing_only(tmp_path_factory, text, suffix):
    path = tmp_path_factory.getbasetemp() / f"garbage.{suffix}"
    path.write_text(text)
    report = Report()
    canvas = read_canvas(path, report)
    snapshot(network_of(canvas), {})
    assert report.errors == []
