"""Writes what was fitted back into the repositories, each kind one commit of a person; only where the run was told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from pychron.dvc import layout
from pychron.dvc.committing import NotCommitted, as_bytes, commit_files
from pychron.dvc.documents import with_fits, with_values
from pychron.dvc.errors import DvcError
from pychron.dvc.json_file import parse
from pychron.dvc.records import Analysis
from pychron.dvc.trees import Tree
from pychron.pipeline.batch import Override
from pychron.pipeline.nodes.flux import MODELS
from pychron.pipeline.running.state import OF_AGES, Committed, Doing, FittedHole, NodeFailed, Outcome, State
from pychron.pipeline.running.workspace import short_name
from pychron.pipeline.templates.template import NodeSpec
from pychron.reduction.flux import FluxOptions


class Change(Protocol):
    """Puts an override into a document."""

    def __call__(
        self, document: Mapping[str, Any], analysis: Analysis, override: Override
    ) -> dict[str, Any]: ...


HOW = "add --persist --author 'Name <mail>'"


def persist_isotopes(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Intercepts, and baselines where they were fitted."""
    fits = _named(
        (fit.fit, fit.error_type, key) for one in _overrides(state) for key, fit in one.intercepts.items()
    )
    base = _named(
        (fit.fit, fit.error_type, key) for one in _overrides(state) for key, fit in one.baselines.items()
    )
    return _both(
        _modifier(state, spec, doing, "intercepts", f"<ISOEVO>.intercepts fits={fits}", lambda document, analysis, override: with_fits(document, override.intercepts), lambda o: o.intercepts),
        _modifier(state, spec, doing, "baselines", f"<ISOEVO>.baselines fits={base}", lambda document, analysis, override: with_fits(document, override.baselines), lambda o: o.baselines),
    )  # fmt: skip


def persist_blanks(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Blanks with their references."""
    fits = _named((value.fit, "", key) for one in _overrides(state) for key, value in one.blanks.items())
    return _modifier(
        state, spec, doing, "blanks", f"<BLANKS>.blanks auto update blanks, fits={fits}",
        lambda document, analysis, override: with_values(document, override.blanks, {}), lambda o: o.blanks,
    )  # fmt: skip


def persist_ic_factors(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """IC factors with the ratio that they refer to."""
    more = {
        detector: {"reference_detector": numerator, "standard_ratio": ratio}
        for detector, (numerator, ratio) in state.standards.items()
    }
    fits = _named((value.fit, "", key) for one in _overrides(state) for key, value in one.ic_factors.items())
    return _modifier(
        state, spec, doing, "icfactors", f"<ICFactor>.icfactors auto update ic_factors, fits={fits}",
        lambda document, analysis, override: with_values(document, override.ic_factors, more), lambda o: o.ic_factors,
    )  # fmt: skip


def _overrides(state: State) -> list[Override]:
    return [state.overrides[uuid] for uuid in state.unknowns if uuid in state.overrides]


def _named(fits: Iterable[tuple[str, str, str]]) -> str:
    """`Ar40(Linear_SEM),Ar39(...)`, each pair of key and fit once."""
    found = dict.fromkeys(f"{key}({fit}{'_' if kind else ''}{kind})" for fit, kind, key in fits)
    return ",".join(sorted(found))


def _both(one: Outcome, two: Outcome) -> Outcome:
    faults = tuple(dict.fromkeys((*one.faults, *two.faults)))
    return Outcome(f"{one.text}; {two.text}", one.skipped and two.skipped, faults=faults)


def flagged(state: State) -> dict[str, str]:
    """Unknowns that a fault keeps out of means, by uuid, each with its reason. A tag is a person's word and no fault; nor is it one to have no age."""
    found = {}
    for row in state.rows():
        why = [one.text for one in row.flags if one.fatal and one.code not in ("tag", *OF_AGES)]
        if why:
            found[row.analysis.uuid] = f"{row.analysis.record_id}: {why[0]}"
    return found


def _modifier(
    state: State,
    spec: NodeSpec,
    doing: Doing,
    modifier: str,
    subject: str,
    change: Change,
    part: Callable[[Override], Mapping[str, Any]],
) -> Outcome:
    files: dict[str, dict[str, bytes]] = {}
    faulty = {} if spec.options["flagged"] else flagged(state)
    left: list[str] = []
    for uuid in state.unknowns:
        override = state.overrides.get(uuid)
        if override is None or not part(override):
            continue
        if uuid in faulty:
            left.append(f"left as it is: {faulty[uuid]}")
            continue
        loaded = state.one(uuid)
        tree = loaded.repository.tree
        path = loaded.analysis.files.get(modifier) or beside(loaded.analysis, modifier)
        changed = partial(change, analysis=loaded.analysis, override=override)
        files.setdefault(tree.name, {})[path] = changed_file(tree, path, changed)
    outcome = commit_all(state, doing, files, subject, modifier)
    return replace(outcome, faults=tuple(left))


def beside(analysis: Analysis, modifier: str) -> str:
    """Where a modifier file of an analysis goes that has none yet: in the folder of its own."""
    folder, _, name = analysis.files["analysis"].rpartition("/")
    return f"{folder}/{modifier}/{name.removesuffix('.json')}.{layout.MODIFIERS[modifier]}.json"


def changed_file(tree: Tree, path: str, change: Callable[[Mapping[str, Any]], Any]) -> bytes:
    """A file with its document changed. Raises NodeFailed where it cannot be read, or holds what is no number then."""
    try:
        data = tree.read(path)
        old = {} if data is None else parse(data, path)
    except DvcError as problem:
        raise NodeFailed(f"{problem}; it is not written over") from None
    try:
        return as_bytes(change(old))
    except ValueError as problem:
        raise NodeFailed(f"{path}: a value to be written is no number: {problem}") from None


def commit_all(
    state: State, doing: Doing, files: Mapping[str, Mapping[str, bytes]], subject: str, what: str
) -> Outcome:
    """Commit files (repository -> path -> content), one commit a repository; or say what would be. Raises NodeFailed."""
    count = sum(len(some) for some in files.values())
    if not count:
        return Outcome(f"no {what} were fitted, nothing to write")
    words = f"{count} files of {what} in {len(files)} repositories"
    if doing.dry:
        return Outcome(f"would write {words}: {subject}", skipped=True)
    if not doing.persist or doing.author is None:
        return Outcome(f"not written: {words}; {HOW}", skipped=True)
    made = []
    for name, some in sorted(files.items()):
        folder = Path(name)
        if not folder.is_dir():
            raise NodeFailed(
                f"{name} was read at a revision; name the folder of a working copy to write into it"
            )
        try:
            commit = commit_files(folder, some, subject, doing.author, doing.now())
        except NotCommitted as refused:
            raise NodeFailed(str(refused)) from None
        if commit is not None:
            made.append(commit)
            state.commits.append(Committed(name, commit, subject, tuple(sorted(some))))
    known = "" if len(made) == len(files) else ", the rest is committed already"
    return Outcome(f"wrote {words}: {', '.join(commit[:12] for commit in made) or 'no new commit'}{known}")


def persist_flux(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """J of the level into the metadata."""
    if state.level is None or state.workspace.meta is None:
        raise NodeFailed("no flux was fitted; write FitFluxNode before it")
    irradiation, level = state.level
    tree = state.workspace.meta.tree
    path = f"{irradiation}/{level}.json"
    holes = {one.hole: one for one in state.holes}
    content = changed_file(tree, path, lambda document: _level(document, holes, state.model_kind))
    return commit_all(state, doing, {tree.name: {path: content}}, f"fit flux for {irradiation}{level}", "J")


def _level(document: Any, holes: Mapping[int, FittedHole], kind: str) -> Any:
    bare = isinstance(document, list)
    positions = document if bare else document.get("positions") or []
    written = [_position(one, holes.get(one.get("position")), kind) for one in positions]
    return written if bare else {**document, "positions": written}


def _position(record: Mapping[str, Any], hole: FittedHole | None, kind: str) -> dict[str, Any]:
    if hole is None or (hole.mean is None and hole.predicted is None):
        return dict(record)
    found = dict(record)
    if hole.mean is not None:
        found["mean_j"], found["mean_j_err"], found["mean_j_mswd"] = hole.mean
    if hole.predicted is not None:
        found["j"], found["j_err"] = hole.predicted
    found["decay_constants"] = {"lambda_k_total": hole.lambda_k[0], "lambda_k_total_error": hole.lambda_k[1]}
    options = FluxOptions(MODELS[kind])
    found["options"] = {
        **(record.get("options") or {}),
        "model_kind": kind,
        "predicted_j_error_type": options.error.value,
        "use_weighted_fit": options.weighted,
        **({} if hole.monitor_age_ma is None else {"monitor_age": hole.monitor_age_ma}),
    }
    if hole.monitors:
        found["analyses"] = [
            {"uuid": uuid, "record_id": record_id, "is_omitted": omitted}
            for uuid, record_id, omitted in hole.monitors
        ]
    return found


def push(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """What this run committed goes to the remotes; what fails stays committed here."""
    folders = sorted({one.repository for one in state.commits})
    if doing.dry or not doing.persist:
        return Outcome(f"nothing is pushed; {HOW}", skipped=True)
    if not folders:
        return Outcome("nothing was committed, nothing to push")
    faults = []
    for name in folders:
        why = doing.push(Path(name))
        if why:
            faults.append(
                f"{short_name(name)} is committed here and not pushed: {why}; later: git -C {name} push"
            )
    return Outcome(
        f"pushed {len(folders) - len(faults)} of {len(folders)} repositories", faults=tuple(faults)
    )
