"""Numbers that a person writes in the place of fitted ones, for many analyses at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pychron.dvc.records import Analysis, StoredFit, StoredValue
from pychron.pipeline.batch import Override
from pychron.pipeline.nodes.persisting import beside, changed_file, commit_all
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.reduction.inputs import Measured

MODIFIERS = {"intercept": "intercepts", "baseline": "baselines", "blank": "blanks", "icfactor": "icfactors"}
"""What is edited -> the file that holds it."""
FITS = ("intercept", "baseline")
"""Their fit stays, and what a person wrote stands beside it and counts (spec 1.3); the others are replaced."""
BY_DETECTOR = ("baseline", "icfactor")
DERIVED = ("reference_detector", "standard_ratio", "reference_data", "discrimination", "source_correction")
"""Where an IC factor came from: no more so."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One number; signals in the unit of the analysis, IC factors without one; one sigma."""

    kind: str
    name: str
    value: Measured

    @property
    def shown(self) -> str:
        return f"{self.kind} {self.name}={self.value.value:g}±{self.value.error:g}"


def is_one(attribute: str) -> bool:
    """Whether a row of edits is about a number."""
    return attribute.partition(" ")[0] in MODIFIERS


def read(row: Mapping[str, str]) -> Edit:
    """A row as {attribute: blank Ar36, value: 0.01, error: 0.001}. Raises NodeFailed."""
    kind, _, name = row["attribute"].partition(" ")
    if not name.strip():
        what = "detector" if kind in BY_DETECTOR else "isotope"
        raise NodeFailed(
            f"edits: {kind} of which {what}? write {kind} {'H1' if kind in BY_DETECTOR else 'Ar40'}"
        )
    try:
        value, error = float(row.get("value", "")), float(row.get("error", ""))
    except ValueError:
        value = error = math.nan
    if not (math.isfinite(value) and math.isfinite(error) and error >= 0):
        raise NodeFailed(f"edits: {row['attribute']}: value and error are numbers, the error not below zero")
    if kind == "icfactor" and value <= 0:
        raise NodeFailed(f"edits: {row['attribute']}: an IC factor is above zero")
    return Edit(kind, name.strip(), Measured(value, error))


def edit_all(state: State, doing: Doing, edits: list[Edit], reason: str) -> Iterator[Outcome]:
    """One commit for each kind; the nodes that follow go on with the numbers."""
    for kind, modifier in MODIFIERS.items():
        own = [edit for edit in edits if edit.kind == kind]
        files: dict[str, dict[str, bytes]] = {}
        faults: list[str] = []
        for uuid in state.unknowns if own else ():
            analysis = state.now(uuid)
            keys = {key: edit for edit in own for key in _keys(analysis, edit)}
            missing = [edit for edit in own if not any(one is edit for one in keys.values())]
            faults += [f"{analysis.record_id} has no {one.kind} of {one.name}" for one in missing]
            if not keys:
                continue
            state.override(uuid, _override(kind, analysis, keys))
            tree = state.one(uuid).repository.tree
            path = analysis.files.get(modifier) or beside(analysis, modifier)
            content = changed_file(tree, path, partial(_changed, kind=kind, keys=keys))
            if content != tree.read(path):
                files.setdefault(tree.name, {})[path] = content
        if files:
            subject = f"<MANUAL> {', '.join(one.shown for one in own)}: {reason}"
            done = commit_all(state, doing, files, subject, modifier)
            yield replace(done, faults=tuple(faults))
        elif faults:
            yield Outcome(f"no {modifier} to write", faults=tuple(faults))


def _keys(analysis: Analysis, edit: Edit) -> list[str]:
    """Under what the file holds it: a detector, or the key of each isotope of that key or name."""
    isotopes = analysis.isotopes.values()
    if edit.kind == "baseline":
        return [edit.name] if edit.name in analysis.baselines else []
    if edit.kind == "icfactor":
        return [edit.name] if any(one.detector == edit.name for one in isotopes) else []
    found = [key for key in analysis.isotopes if key == edit.name] or [one.key for one in isotopes if one.name == edit.name]  # fmt: skip
    return [key for key in found if edit.kind != "intercept" or analysis.isotopes[key].intercept is not None]


def _override(kind: str, analysis: Analysis, keys: Mapping[str, Edit]) -> Override:
    if kind == "intercept":
        fits = {key: (analysis.isotopes[key].intercept, edit) for key, edit in keys.items()}
        return Override(
            intercepts={key: _by_hand(fit, edit) for key, (fit, edit) in fits.items() if fit is not None}
        )
    if kind == "baseline":
        return Override(
            baselines={key: _by_hand(analysis.baselines[key], edit) for key, edit in keys.items()}
        )
    values = {
        key: StoredValue(edit.value.value, edit.value.error, "Manual", (), True) for key, edit in keys.items()
    }
    return Override(blanks=values) if kind == "blank" else Override(ic_factors=values)


def _by_hand(fit: StoredFit, edit: Edit) -> StoredFit:
    return replace(fit, manual=edit.value)


def _changed(document: Mapping[str, Any], kind: str, keys: Mapping[str, Edit]) -> dict[str, Any]:
    found = dict(document)
    for key, edit in keys.items():
        old = found.get(key)
        table = dict(old) if isinstance(old, Mapping) else {}
        value, error = edit.value.value, edit.value.error
        if kind in FITS:
            table |= {"manual_value": value, "manual_error": error, "use_manual_value": True, "use_manual_error": True}  # fmt: skip
        else:
            table = {name: one for name, one in table.items() if name not in DERIVED}
            table |= {"value": value, "error": error, "fit": "Manual", "references": [], "reviewed": True}
        found[key] = table
    return found
