"""The drawing of a canvas, and the colours of what is connected."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.config.problems import Report
from pychron.extraction_line.network.canvas_file import read_canvas
from pychron.extraction_line.network.graph import network_of
from pychron.extraction_line.states import State
from pychron.web.colours import css, region_colours
from pychron.web.drawing import draw, draw_grid

SVG = "{http://www.w3.org/2000/svg}"
LAB = Path(__file__).parents[3] / "shared" / "real" / "lab" / "setupfiles" / "canvas2D"
CANVAS = """\
turbo: [{name: Turbo, translation: "0,0", dimension: "4,4", color: "10,20,30"}]
stage: [{name: "Bone & <b>", translation: "10,0", dimension: "6,2"}]
valve: [{name: A, translation: "5,0"}, {name: B, translation: "17,0"}]
gauge: [{name: IG, translation: "20,0", dimension: "2,2"}]
connection: [{start: Turbo, end: A}, {start: A, end: "Bone & <b>"}, {start: "Bone & <b>", end: B}, {start: B, end: IG}]
label: [{text: "<script>", translation: "1,1"}]
"""


@pytest.fixture
def canvas(tmp_path):
    (tmp_path / "canvas.yaml").write_text(CANVAS)
    report = Report()
    found = read_canvas(tmp_path / "canvas.yaml", report)
    assert report.problems == []
    return found


def test_everything_is_drawn_and_nothing_of_a_file_becomes_markup(canvas):
    root = ElementTree.fromstring(draw(canvas))
    assert {group.get("data-name") for group in root.iter(f"{SVG}g") if group.get("class") == "valve"} == {
        "A",
        "B",
    }
    assert {group.get("data-node") for group in root.iter(f"{SVG}g") if group.get("data-node")} == {
        "Turbo",
        "Bone & <b>",
        "IG",
    }
    assert [path.get("data-edge") for path in root.iter(f"{SVG}path") if path.get("data-edge")] == [
        "Turbo_A", "A_Bone & <b>", "Bone & <b>_B", "B_IG",
    ]  # fmt: skip
    assert "<script>" not in draw(canvas)
    assert all(
        group.get("tabindex") == "0" for group in root.iter(f"{SVG}g") if group.get("class") == "valve"
    )


def test_the_view_holds_every_thing(canvas):
    left, top, wide, high = map(float, ElementTree.fromstring(draw(canvas)).get("viewBox").split())
    assert left <= 0
    assert left + wide >= 22 * 20
    assert top <= -4 * 20
    assert top + high >= 0


@given(
    st.lists(
        st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=8),
        unique=True,
        max_size=30,
    )
)
def test_a_lab_without_a_canvas_gets_a_grid(names):
    root = ElementTree.fromstring(draw_grid(names))
    assert [group.get("data-name") for group in root.iter(f"{SVG}g")] == names


def test_gas_has_the_colour_of_its_source(canvas):
    network = network_of(canvas)
    shut = region_colours(canvas, network, {"A": State.CLOSED, "B": State.CLOSED})
    assert shut["edges"] == {}
    assert shut["nodes"]["Bone & <b>"] == ""
    opened = region_colours(canvas, network, {"A": State.OPEN, "B": State.UNKNOWN})
    assert opened["edges"] == {"Turbo_A": "#0a141e", "A_Bone & <b>": "#0a141e"}
    assert opened["nodes"]["Bone & <b>"] == "#0a141e"
    assert set(opened["perhaps"]) == {"Turbo_A", "A_Bone & <b>", "Bone & <b>_B", "B_IG"}


@pytest.mark.parametrize(
    ("colour", "text"),
    [((1, 2, 300), "#0102ff"), ("light blue", "lightblue"), ("url(x)", ""), ("red;}", ""), (None, "")],
)
def test_a_colour_is_a_colour_and_nothing_else(colour, text):
    assert css(colour) == text


@pytest.mark.skipif(not LAB.is_dir(), reason="the laboratory's files are not beside this checkout")
def test_the_canvas_of_a_real_laboratory_is_drawn():
    canvas = read_canvas(LAB / "canvas.xml", Report(), LAB / "canvas_config.xml")
    root = ElementTree.fromstring(draw(canvas))
    valves = [group.get("data-name") for group in root.iter(f"{SVG}g") if group.get("class") == "valve"]
    assert sorted(valves) == sorted("ABCDEFGHITU")
    boxes = [group.get("data-name") for group in root.iter(f"{SVG}g") if group.get("class") == "valve box"]
    assert sorted(boxes) == sorted("JKLMNOPQRS")
    edges = {path.get("data-edge") for path in root.iter(f"{SVG}path") if path.get("data-edge")}
    assert {edge.name for edge in network_of(canvas).edges} <= edges
