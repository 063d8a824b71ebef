"""A script rehearsed by a real child process, on the line of a root as `pychron init` writes it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PYCHRON = (sys.executable, "-m", "pychron.cli.main")


def pychron(*words: object) -> subprocess.CompletedProcess[str]:
    command = [*PYCHRON, *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=90)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    assert pychron("init", "experiment", tmp_path / "lab").returncode == 0
    return tmp_path / "lab"


def write(root: Path, *lines: str) -> Path:
    path = root / "scripts" / "extraction" / "mine.py"
    path.write_text("def main():\n" + "".join(f"    {line}\n" for line in lines))
    return path


def test_the_example_of_a_new_root(root: Path) -> None:
    script = root / "scripts" / "extraction" / "first_valve.py"
    done = pychron("script", "check", script, "--root", root, "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["ok"], report["refusals"]) == (0, True, [])
    moves = [(each["command"], each["target"]) for each in report["timeline"]]
    assert moves[5:9] == [("open", "G"), ("close", "G"), ("open", "F"), ("close", "F")]
    assert report["duration_s"] > 12


def test_the_rules_of_the_root_hold(root: Path) -> None:
    script = write(root, "open('A')", "open('C', ntries=1)", "info('not reached')")
    done = pychron("script", "check", script, "--root", root, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    (refusal,) = report["refusals"]
    assert (refusal["target"], refusal["place"]) == ("C", "extraction/mine.py:3")
    assert "A" in refusal["why"]


def test_every_refusal_is_told_in_one_run(root: Path) -> None:
    script = write(
        root,
        "open('A')",
        "open('C', ntries=1)",
        "if is_open('ZZ'):",
        "    open('never')",
        "open('YY')",
        "close('A')",
        "sleep('x')",
    )
    done = pychron("script", "check", script, "--root", root)
    assert done.returncode == 1
    errors = [line.partition(": error: ")[0] for line in done.stdout.splitlines() if ": error: " in line]
    assert errors == [f"extraction/mine.py:{n}" for n in (3, 4, 6, 8)]
    assert "extraction/mine.py:4: error: is_open: UnknownSwitch: ZZ: no switch of that name" in done.stdout
    said = done.stdout.splitlines()
    assert (
        said.index("and after it, had that not been refused:")
        == said.index(next(line for line in said if ":4: error:" in line)) - 1
    )
    report = json.loads(pychron("script", "check", script, "--root", root, "--json").stdout)
    assert [each["command"] for each in report["refusals"]] == ["open"]
    assert [each["command"] for each in report["further_refusals"]] == ["is_open", "open", "sleep"]


def test_a_refusal_that_the_script_takes_ends_nothing(root: Path) -> None:
    script = write(
        root, "open('A')", "try:", "    open('C', ntries=1)", "except Interlocked:", "    close('A')"
    )
    report = json.loads(pychron("script", "check", script, "--root", root, "--json").stdout)
    assert [each["target"] for each in report["refusals"]] == ["C"]
    assert (report["result"], report["further_refusals"]) == ("completed", [])


def test_without_a_root_every_valve_is_there_and_it_says_so(root: Path) -> None:
    script = write(root, "open('A')", "open('C')", "open(description='somewhere')")
    done = pychron("script", "check", script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "assumed line" in done.stdout


def test_a_fault_of_the_script_has_a_line(root: Path) -> None:
    done = pychron("script", "check", write(root, "open('A')", "nonsense()"))
    assert done.returncode == 1
    assert "extraction/mine.py:3: error: unknown command nonsense" in done.stdout


def test_a_root_that_is_none(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text("def main():\n    pass\n")
    done = pychron("script", "check", script, "--root", tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "has no line to rehearse on" in done.stderr


def test_nobody_runs_it(root: Path) -> None:
    done = pychron("script", "run", write(root, "open('A')"), "--root", root)
    assert done.returncode == 3
    assert f"`twistd -n pyexperiment --root {root}` starts one" in done.stderr
