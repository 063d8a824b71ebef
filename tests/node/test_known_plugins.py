"""Which plugins a node hosts, and what it says of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from pychron.config.initialization import Initialization, PluginElement
from pychron.config.initialization_file import read_initialization
from pychron.config.problems import Place, Report
from pychron.node.known_plugins import KNOWN, choose_plugins, guess_role, resolve

SEED = Path(__file__).parents[1] / "config" / "seed"
FILE = "initialization.xml"
BUILT = ("ExtractionLine", "RemoteCommandServer", "Broadcast", "Scripts")


def initialization(*names: str) -> Initialization:
    """One plugin a line, from line 2 on; a name after `-` is disabled."""
    return Initialization(
        Place(FILE, 1),
        tuple(
            PluginElement(name.removeprefix("-"), Place(FILE, line), not name.startswith("-"), "general")
            for line, name in enumerate(names, 2)
        ),
        {},
    )


def choose(role: str, *names: str, guessed: bool = False) -> tuple[list[str], list[str]]:
    report = Report()
    found = choose_plugins(initialization(*names), role, report, built=BUILT, own=("Cryo",), guessed=guessed)
    return [p.name + ("" if p.built else "?") for p in found], [str(p) for p in report.sorted()]


def test_no_name_stands_twice_in_the_table():
    names = [plugin.name.casefold() for plugin in KNOWN]
    assert len(names) == len(set(names))
    assert {p.family for p in KNOWN if not p.desktop} <= {p.name for p in KNOWN}


@pytest.mark.parametrize(
    ("written", "name", "family"),
    [
        ("ExtractionLine", "ExtractionLine", "ExtractionLine"),
        ("extraction_line", "ExtractionLine", "ExtractionLine"),
        ("fusions_co2", "FusionsCO2", "Laser"),
        ("ARGUSSPECTROMETER", "ArgusSpectrometer", "Spectrometer"),
        ("DVCPlugin", "DVC", "DVC"),
        ("ClientExtractionLine", "ClientExtractionLine", "ExtractionLine"),
        ("Notifier", "Notifier", "Broadcast"),
    ],
)
def test_names_are_found_whatever_their_case(written, name, family):
    known = resolve(written)
    assert known is not None
    assert (known.name, known.family) == (name, family)


@pytest.mark.parametrize(
    ("node", "role", "plugins"),
    [
        (
            "pyexperiment",
            "experiment",
            "DVC? GitHub? Database? Spectrometer? ExtractionLine Experiment? Laser? DashboardServer? "
            "RemoteCommandServer Broadcast Scripts",
        ),
        ("pyvalve", "valve", "ExtractionLine RemoteCommandServer Broadcast"),
        ("furpi", "furpi", "Furnace? RemoteCommandServer Broadcast"),
        (
            "pycrunch",
            "crunch",
            "DVC? GitHub? Database? Pipeline? DashboardClient? RemoteCommandServer Broadcast",
        ),
    ],
)
def test_the_seeds_four_nodes(node, role, plugins):
    report = Report(SEED)
    found = read_initialization(SEED / node / "initialization.xml", report)
    assert found is not None
    assert guess_role(found) == role
    chosen = choose_plugins(found, role, report, built=BUILT)
    assert " ".join(p.name + ("" if p.built else "?") for p in chosen) == plugins
    assert report.errors == []
    assert {p.code for p in report.warnings} <= {"not_built"}
    assert len(report.warnings) == plugins.count("?")


def test_unknown_others_desktop_and_unbuilt_are_told():
    assert choose(
        "valve", "ExtractionLin", "-Pipelin", "Entry", "DVC", "Update", "Email", "Cryo", "ExtractionLine"
    ) == (
        ["Email?", "Cryo", "ExtractionLine", "RemoteCommandServer", "Broadcast"],
        [
            f"{FILE}:2: error: plugin ExtractionLin is not known; did you mean ExtractionLine?",
            f"{FILE}:3: warning: plugin Pipelin is not known; did you mean Pipeline? (it is disabled)",
            f"{FILE}:4: warning: Entry (line 4), Update (line 6) have no meaning on a headless node, ignored",
            f"{FILE}:5: warning: DVC is a plugin of pyexperiment and pycrunch; pyvalve leaves it out",
            f"{FILE}:7: warning: Email is not built yet: pyvalve starts without it",
        ],
    )


def test_a_command_server_is_implied_unless_it_is_refused():
    assert choose("valve", "ExtractionLine")[0] == ["ExtractionLine", "RemoteCommandServer", "Broadcast"]
    assert choose("valve", "ExtractionLine", "-RemoteCommandServer", "-Notifier")[0] == ["ExtractionLine"]
    assert choose("crunch")[0] == ["RemoteCommandServer", "Broadcast"]


def test_scripts_are_implied_where_there_is_a_line_to_run_them_on():
    assert choose("experiment", "ExtractionLine")[0] == [
        "ExtractionLine",
        "RemoteCommandServer",
        "Broadcast",
        "Scripts",
    ]
    assert choose("experiment")[0] == ["RemoteCommandServer", "Broadcast"]
    assert choose("experiment", "ExtractionLine", "-Scripts")[0] == [
        "ExtractionLine",
        "RemoteCommandServer",
        "Broadcast",
    ]


def test_a_valve_controller_without_a_line_is_told():
    assert choose("valve")[1] == [
        f'{FILE}:1: warning: pyvalve has no extraction line here; write <plugin enabled="true">ExtractionLine</plugin>'
    ]


def test_one_line_under_two_names_is_an_error():
    assert choose("experiment", "ClientExtractionLine", "ExtractionLine", "FusionsCO2", "FusionsUV") == (
        ["ExtractionLine", "Laser?", "Laser?", "RemoteCommandServer", "Broadcast", "Scripts"],
        [
            f"{FILE}:3: error: ExtractionLine and ClientExtractionLine (line 2) are the same plugin here; enable one of them",
            f"{FILE}:4: warning: FusionsCO2 is not built yet: pyexperiment starts without it",
            f"{FILE}:5: warning: FusionsUV is not built yet: pyexperiment starts without it",
        ],
    )


def test_where_the_role_was_guessed_what_a_valve_controller_would_leave_out_is_told():
    assert choose("experiment", "ExtractionLine", "Experiment", guessed=True)[1] == [
        f"{FILE}:3: warning: Experiment is a plugin of pyexperiment; a pyvalve on this root leaves it out",
        f"{FILE}:3: warning: Experiment is not built yet: pyexperiment starts without it",
    ]


@pytest.mark.parametrize(
    ("names", "role"),
    [
        ([], "valve"),
        (["ExtractionLine"], "valve"),
        (["ClientExtractionLine"], "experiment"),
        (["ExtractionLine", "NMGRLFurnace"], "furpi"),
        (["ExtractionLine", "-Experiment"], "valve"),
        (["DVC"], "crunch"),
        (["ExtractionLine", "argus_spectrometer"], "experiment"),
    ],
)
def test_the_role_is_guessed_from_what_is_enabled(names, role):
    assert guess_role(initialization(*names)) == role
