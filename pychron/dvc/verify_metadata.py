"""Verifies a metadata repository: chronologies, levels, productions, holders, sensitivities, gains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pychron.dvc.errors import DvcError
from pychron.dvc.metadata import MetaData, read_holder, read_productions, read_sensitivities
from pychron.dvc.verify import Findings, content, document

HOLDERS = ("irradiation_holders/", "load_holders/")
SHARED = ("spectrometers", "productions", "irradiation_holders", "load_holders", "scripts", "experiments")
"""Folders of the laboratory that are no irradiations."""
NOT_IRRADIATED = "NoIrradiation"


def verify_metadata(
    meta: MetaData,
    paths: Sequence[str],
    findings: Findings,
    elsewhere: frozenset[str],
    advance: Callable[[], object],
) -> int:
    """Tell all that is wrong; the number of irradiations. `elsewhere`: analyses that monitors of a level may be."""
    for path in paths:
        _file(meta, path, findings)
        advance()
    folders: dict[str, list[str]] = {}
    for path in paths:
        folder, _, name = path.partition("/")
        if folder not in SHARED and name.endswith((".json", ".txt")) and "/" not in name:
            folders.setdefault(folder, []).append(name)
    for name, names in sorted(folders.items()):
        levels = sorted(
            one.removesuffix(".json") for one in names if one.endswith(".json") and one != "productions.json"
        )
        _irradiation(meta, name, levels, findings, elsewhere)
    return len(folders)


def _file(meta: MetaData, path: str, findings: Findings) -> None:
    if not path.endswith(".json"):
        data = content(meta.tree, path, findings)
        if data is not None and path.startswith(HOLDERS) and path.endswith(".txt"):
            _asked(lambda: read_holder(data, path), findings)
        return
    found = document(meta.tree, path, findings)
    if found is None:
        return
    parts = path.split("/")
    if "productions" in parts[:-1]:
        _asked(lambda: read_productions(found, path, parts[-1]), findings)
    elif path.endswith(".sens.json"):
        _asked(lambda: read_sensitivities(found, path), findings)
    elif path.endswith(".gain.json"):
        _asked(lambda: meta.gains(parts[-1].removesuffix(".gain.json")), findings)


def _irradiation(
    meta: MetaData, name: str, levels: Sequence[str], findings: Findings, elsewhere: frozenset[str]
) -> None:
    if name != NOT_IRRADIATED:
        path = f"{name}/chronology.txt"
        chronology = _asked(lambda: meta.chronology(name), findings)
        if chronology is not None and (problem := chronology.problem()):
            findings.error(path, problem)
        for level in levels:
            # A level that names no production ratios gives no ages: the file that should name them is at fault.
            _asked(partial(meta.productions, name, level), findings)
    for level in levels:
        positions = _asked(partial(meta.positions, name, level), findings)
        if positions is not None:
            _level(f"{name}/{level}.json", positions, findings, elsewhere)
    _named_levels(meta, name, levels, findings)


def _named_levels(meta: MetaData, name: str, levels: Sequence[str], findings: Findings) -> None:
    path = f"{name}/productions.json"
    if meta.tree.read(path) is None:
        return
    named = document(meta.tree, path, findings)
    if isinstance(named, dict):
        for level in named:
            if level != "note" and level not in levels:
                findings.warning(path, f"it names production ratios for level {level}, which has no file")


def _level(path: str, positions: Any, findings: Findings, elsewhere: frozenset[str]) -> None:
    holes: set[int] = set()
    identifiers: dict[str, int] = {}
    for one in positions:
        if one.hole in holes:
            findings.error(path, f"hole {one.hole} stands there twice")
        holes.add(one.hole)
        if one.identifier:
            other = identifiers.setdefault(one.identifier, one.hole)
            if other != one.hole:
                findings.error(path, f"{one.identifier} is in hole {other} and in hole {one.hole}")
        for what, value in (("j", one.j), ("mean_j", one.mean_j)):
            if value is not None and (value.value < 0 or value.error < 0):
                findings.error(path, f"{what} of hole {one.hole} is below zero, or its error")
        if one.j is not None and one.lambda_k is None:
            findings.warning(path, f"J of hole {one.hole} does not say with which decay constant it was made")
        lost = [
            a.record_id or a.uuid for a in one.analyses if elsewhere and not {a.uuid, a.record_id} & elsewhere
        ]
        if lost:
            findings.warning(
                path,
                f"{len(lost)} monitors of hole {one.hole}, as {lost[0]}, are in no repository that was named",
            )


def _asked(read: Callable[[], Any], findings: Findings) -> Any:
    try:
        return read()
    except DvcError as problem:
        findings.take(problem)
        return None
