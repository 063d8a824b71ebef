"""A starting root is explained, sound, and never written over anything."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from pychron.cli.init import NODES, root_files
from pychron.cli.main import main

ROLES = sorted(NODES)


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="pychron")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("simulated", [False, True])
def test_a_new_root_has_no_problems(role: str, simulated: bool, tmp_path: Path) -> None:
    root = tmp_path / "lab"
    made = run("init", role, root, *(["--simulated"] if simulated else []))
    assert made.exit_code == 0, made.output
    assert f"twistd -n {NODES[role]} --root {root}" in made.stdout
    report = run("check", root, "--strict", "--json")
    assert json.loads(report.stdout)["problems"] == []
    assert (report.exit_code, json.loads(report.stdout)["role"]) == (0, role)
    assert f"{root} ({role}): no problems" in run("check", root).stdout


@pytest.mark.parametrize("role", ROLES)
def test_only_a_simulated_root_says_so(role: str) -> None:
    name = "setupfiles/initialization.xml"
    mark = "<communication_simulation>{}</communication_simulation>"
    assert mark.format("true") in root_files(role, simulated=True)[name]
    assert mark.format("false") in root_files(role, simulated=False)[name]


@pytest.mark.parametrize("role", ROLES)
def test_every_key_is_explained(role: str) -> None:
    """In a device or server file each key follows a comment; several keys may share one."""
    for name, text in root_files(role, simulated=False).items():
        if "/devices/" in name or "/servers/" in name:
            explained = False
            for line in text.splitlines():
                explained = line.lstrip().startswith("#") or (explained and bool(line.strip()))
                if line.strip() and not line.rstrip().endswith(":"):
                    assert explained, f"{name}: {line}"


def test_the_two_valves_files_describe_the_same_line() -> None:
    name = "setupfiles/extractionline/valves.yaml"
    assert root_files("experiment", False)[name].endswith(root_files("valve", False)[name])


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    park = tmp_path / "setupfiles" / "park.yaml"
    park.parent.mkdir()
    park.write_text("mine")
    result = run("init", "valve", tmp_path)
    assert result.exit_code == 1
    assert "is there already; nothing was written" in result.stderr
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [park]
    assert park.read_text() == "mine"


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("init", "valve", tmp_path / "file" / "lab")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_problems_have_file_line_and_an_end(tmp_path: Path) -> None:
    run("init", "valve", tmp_path)
    valves = tmp_path / "setupfiles" / "extractionline" / "valves.yaml"
    valves.write_text(valves.read_text().replace("interlock: C", "interlock: CC"))
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert "setupfiles/extractionline/valves.yaml:" in result.stdout
    assert ": error: " in result.stdout
    assert result.stdout.rstrip().endswith("the node would not start")
    assert run("check", tmp_path, "--lenient").exit_code == 0
    found = json.loads(run("check", tmp_path, "--json").stdout)
    assert found["errors"] >= 1
    assert {"file", "line", "severity", "code", "text", "touches"} == set(found["problems"][0])


def test_no_root_at_all(tmp_path: Path) -> None:
    result = run("check", tmp_path / "nothing")
    assert result.exit_code == 1
    assert "pychron init" in result.stdout


def test_the_files_of_plugins_are_checked_too(tmp_path: Path) -> None:
    run("init", "valve", tmp_path)
    server = tmp_path / "setupfiles" / "servers" / "remote_command_server.yaml"
    server.write_text(server.read_text().replace("port: 1061", "port: 99999"))
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert "setupfiles/servers/remote_command_server.yaml:4: error: " in result.stdout


def test_two_device_files_of_one_instrument_hide_no_doubled_address(tmp_path: Path) -> None:
    run("init", "valve", tmp_path)
    files = tmp_path / "setupfiles"
    (files / "devices" / "other.yaml").write_bytes(
        (files / "devices" / "switch_controller.yaml").read_bytes()
    )
    text = (files / "initialization.xml").read_text()
    listed = text.replace(
        ">switch_controller</device>", '>switch_controller</device><device enabled="true">other</device>'
    )
    assert listed != text
    (files / "initialization.xml").write_text(listed)
    valves = files / "extractionline" / "valves.yaml"
    valves.write_text(valves.read_text() + "\n- {name: Z, address: 101, actuator: other}\n")
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert "valve Z: address 101 of other is also that of A" in result.stdout.replace("\n", " ")


def test_a_park_step_that_no_node_can_do_is_told(tmp_path: Path) -> None:
    run("init", "valve", tmp_path)
    park = tmp_path / "setupfiles" / "park.yaml"
    park.write_text("sequence:\n  - close: A\n  - raise_funnel: true\n")
    result = run("check", tmp_path)
    assert result.exit_code == 0
    assert "park.yaml:3: warning: raise_funnel: no node of this version has a funnel" in result.stdout


def test_templates_of_the_lab_are_checked_too(tmp_path: Path) -> None:
    run("init", "crunch", tmp_path)
    own = tmp_path / "pipeline" / "ours.yaml"
    own.write_text(
        "nodes:\n  - klass: UnknownNode\n  - {klass: FitICFactorNode}\n  - {klass: ReviewNode, slope: 3}\n"
    )
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert "pipeline/ours.yaml:4: error: ReviewNode: slope is not an option" in result.stdout
    own.write_text("nodes:\n  - klass: UnknownNode\n  - {klass: FitICFactorNode}\n")
    assert "pipeline/ours.yaml:3: error: FitICFactorNode: fits is empty" in run("check", tmp_path).stdout


def test_nothing_is_written(tmp_path: Path) -> None:
    run("init", "valve", tmp_path, "--simulated")
    before = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*"))
    run("check", tmp_path)
    assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("node", ["valve", "experiment"])
def test_the_drawing_has_the_pipette_as_the_valves_have_it(node: str) -> None:
    """Line, F, pipette, G, T, tank: the pipette is filled through its inner valve G and shot through F, and A is interlocked
    with F because that one leads into the line."""
    canvas = yaml.safe_load(root_files(node, simulated=True)["setupfiles/canvas2D/canvas.yaml"])
    names = [
        {end["name"] if isinstance(end, dict) else end for end in (one["start"], one["end"])}
        for one in canvas["connection"]
    ]
    reached = {valve: set().union(*(pair for pair in names if valve in pair)) - {valve} for valve in "FG"}
    assert reached == {"F": {"Line", "Air pipette"}, "G": {"Air pipette", "T"}}
    heights = {one["name"]: float(one["translation"].split(",")[1]) for one in canvas["valve"]}
    assert heights["F"] < heights["G"]
