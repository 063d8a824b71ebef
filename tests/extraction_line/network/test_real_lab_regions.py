"""Regions of an installed laboratory's drawing, worked out by hand for ten valve settings.

How it was done: the canvas file was drawn on paper. With all valves closed the drawing falls into twelve pieces:

    An    Analytical with what hangs on it without a valve: getters Man 1 and Man 2 (the tee), gauge Prep IG
    MS    Argus with its gauge MS IG
    Aux 1, Aux 2, CO2, Excimer, Air, AirPipette, Ar, ArPipette, ArgusIonPump, ExtrIonPump: each alone

and each valve joins two of them: A An-Aux 1, B An-Aux 2, C An-MS, D An-ExtrIonPump, E MS-ArgusIonPump, F An-AirPipette
(fork), G AirPipette-Air, H An-ArPipette (fork), I ArPipette-Ar, T Aux 2-CO2, U Aux 1-Excimer. For each setting the pieces
that its open valves join were crossed together on the paper, and the highest source was looked up: pump, then pipette and
laser, tank, spectrometer, getter; by name among equals.
"""

from __future__ import annotations

import pytest

from pychron.config.problems import Report
from pychron.extraction_line.files.valves_file import read_valves
from pychron.extraction_line.network.canvas_file import read_canvas
from pychron.extraction_line.network.graph import network_of
from pychron.extraction_line.network.proposals import propose
from pychron.extraction_line.network.regions import possible, snapshot
from pychron.extraction_line.states import State
from tests.system.twistd_process import PROJECT

SETUPFILES = PROJECT.parent / "shared" / "real" / "lab" / "setupfiles"
pytestmark = pytest.mark.skipif(
    not SETUPFILES.is_dir(), reason="the laboratory's files are not beside this checkout"
)
AN = "Analytical|Man 1|Man 2|Prep IG"
MS = "Argus|MS IG"
ALONE = {
    **dict.fromkeys(("Aux 1", "Aux 2", "CO2", "Excimer", "Air", "AirPipette"), ""),
    **dict.fromkeys(("Ar", "ArPipette", "ArgusIonPump", "ExtrIonPump"), ""),
}
TEN = [
    # open valves; {region: the source that colours it}; the pieces in no joined region keep their own
    ("", {AN: "Man 1", MS: "Argus"}),
    ("C", {f"{AN}|{MS}|C": "Argus"}),
    ("CE", {f"{AN}|{MS}|ArgusIonPump|C|E": "ArgusIonPump"}),
    ("D", {f"{AN}|ExtrIonPump|D": "ExtrIonPump", MS: "Argus"}),
    # a shot of air: first into the pipette, then from it
    ("G", {AN: "Man 1", MS: "Argus", "Air|AirPipette|G": "AirPipette"}),
    ("F", {f"{AN}|AirPipette|F": "AirPipette", MS: "Argus"}),
    # both pipettes at the line, the spectrometer on its own pump
    ("EFH", {f"{AN}|AirPipette|ArPipette|F|H": "AirPipette", f"{MS}|ArgusIonPump|E": "ArgusIonPump"}),
    # gas from the CO2 laser over Aux 2 into the line; Excimer open to Aux 1 only
    ("BTU", {f"{AN}|Aux 2|CO2|B|T": "CO2", MS: "Argus", "Aux 1|Excimer|U": "Excimer"}),
    # everything that touches the line but the tanks
    (
        "ABCDEFHTU",
        {
            f"{AN}|{MS}|Aux 1|Aux 2|CO2|Excimer|AirPipette|ArPipette|ArgusIonPump|ExtrIonPump"
            "|A|B|C|D|E|F|H|T|U": "ArgusIonPump"
        },
    ),
    # what the interlocks forbid: argon from its tank through the pipette to the spectrometer
    ("CHI", {f"{AN}|{MS}|Ar|ArPipette|C|H|I": "ArPipette"}),
]


@pytest.fixture(scope="module")
def network():
    folder = SETUPFILES / "canvas2D"
    report = Report()
    canvas = read_canvas(folder / "canvas.xml", report, folder / "canvas_config.xml")
    assert report.problems == []
    return network_of(canvas)


@pytest.mark.parametrize(("opened", "joined"), TEN, ids=[t[0] or "all closed" for t in TEN])
def test_regions_are_those_of_the_paper(network, opened, joined):
    expected = {frozenset(names.split("|")): source for names, source in joined.items()}
    held = {name for names in expected for name in names}
    expected.update({frozenset({name}): name for name in ALONE if name not in held})
    found = snapshot(network, dict.fromkeys(opened, State.OPEN))
    got = {frozenset(r.nodes): r.source for r in found.regions}
    # gas that is alone in Aux 1 or Aux 2 meets a getter, which colours it
    assert got == expected
    assert {v for v in network.valves if v in found.node_region} == set(opened)


def test_an_unknown_valve_parts_what_is_surely_one_and_joins_what_may_be(network):
    states = {"C": State.UNKNOWN, "E": State.OPEN}
    sure = snapshot(network, states)
    line = sure.region_of("Analytical")
    assert sure.region_of("C") is None
    assert line.source == "Man 1"
    assert line.perhaps == (sure.region_of("Argus").id,)
    maybe = possible(network, states)
    assert maybe.region_of("Analytical") is maybe.region_of("ArgusIonPump")


def test_the_one_missing_interlock_is_proposed(network):
    line = read_valves(SETUPFILES / "extractionline" / "valves.xml", Report())
    (proposal,) = propose(network, line)
    assert (proposal.first, proposal.second) == ("C", "D")
    assert "ExtrIonPump pumps Argus" in str(proposal)
    assert proposal.place.line == 5


def test_a_misspelt_setting_of_the_other_configuration_is_told(network):
    folder = SETUPFILES / "canvas2D"
    report = Report()
    canvas = read_canvas(folder / "canvas.xml", report, folder / "alt_config.xml")
    (problem,) = report.problems
    assert problem.place.line == 3
    assert "did you mean xview?" in problem.text
    assert canvas.colour("Man 1") == (94, 87, 94)
    assert canvas.colour("Argus") == (85, 110, 255)
    assert canvas.config.colours["bgcolor"] == "lightblue"
