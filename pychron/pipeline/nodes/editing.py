"""Changes by hand to many analyses at once, each one commit of a person; only where the run was told to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pychron.dvc import layout
from pychron.dvc.committing import as_bytes
from pychron.dvc.errors import DvcError, NoRepository
from pychron.dvc.json_file import parse
from pychron.dvc.trees import Change, Tree, open_tree
from pychron.pipeline.nodes.persisting import commit_all
from pychron.pipeline.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.template import NodeSpec

TAGS = ("ok", "omit", "invalid", "outlier", "skip")
TEXTS = ("comment", "sample", "material", "project")
"""Keys of an analysis's main file that may be set."""
COLLECTION = "collection"
SUBJECTS = ("<ISOEVO> default", "<BLANKS> preceding", "<ICFactor> default", "<COLLECTION>", "<IMPORT>")
"""How the commits of acquisition begin."""


def check_edits(spec: NodeSpec) -> Iterator[str]:
    """Attributes are known, tags too."""
    rows = [row for row in spec.options["edits"] if isinstance(row, Mapping)]  # type: ignore[union-attr]
    if not rows:
        yield "edits is empty; write for example edits: [{attribute: tag, value: omit}]"
    for row in rows:
        name, value = row.get("attribute", ""), row.get("value", "")
        if name not in ("tag", *TEXTS):
            yield f"edits: {name or 'a row'} is no attribute; write tag, {', '.join(TEXTS)}"
        elif name == "tag" and value not in TAGS:
            yield f"edits: {value!r} is no tag; write {', '.join(TAGS)}"


def bulk_edit(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """The same edits for every unknown that a node before it chose."""
    rows = [row for row in spec.options["edits"] if isinstance(row, Mapping)]  # type: ignore[union-attr]
    edits = {row["attribute"]: row.get("value", "") for row in rows}
    texts = {key: value for key, value in edits.items() if key in TEXTS}
    files: dict[str, dict[str, bytes]] = {}
    for uuid in state.unknowns:
        loaded = state.one(uuid)
        tree, analysis = loaded.repository.tree, loaded.analysis
        own = files.setdefault(tree.name, {})
        if texts:
            _put(own, tree, analysis.files["analysis"], texts)
        if "tag" in edits:
            path = (
                analysis.files.get("tags")
                or layout.paths(layout.identity_of(analysis.files["analysis"]), "tags")[0]
            )
            _put(own, tree, path, {"name": edits["tag"]})
    files = {name: some for name, some in files.items() if some}
    if not files:
        return Outcome("every analysis is so already, nothing to write")
    said = ", ".join(f"{key}={value}" for key, value in edits.items())
    subject = f"{'<TAG>' if not texts else '<MANUAL>'} {said}"
    return commit_all(state, doing, files, subject, "edits")


def _put(own: dict[str, bytes], tree: Tree, path: str, values: Mapping[str, str]) -> None:
    """The file with other values, where that changes it."""
    try:
        data = tree.read(path)
        old: Any = {} if data is None else parse(data, path)
    except DvcError as problem:
        raise NodeFailed(f"{problem}; it is not written over") from None
    if not isinstance(old, Mapping):
        raise NodeFailed(f"{path} holds no table; it is not written over")
    if any(old.get(key) != value for key, value in values.items()):
        own[path] = as_bytes({**old, **values})


def revert(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Files of the unknowns as acquisition wrote them, or as they were at a commit; a new commit, no history is lost."""
    to = str(spec.options["to"]) or COLLECTION
    modifiers = [str(word) for word in spec.options["modifiers"]]  # type: ignore[union-attr]
    files: dict[str, dict[str, bytes]] = {}
    faults: list[str] = []
    for uuid in state.unknowns:
        loaded = state.one(uuid)
        tree, analysis = loaded.repository.tree, loaded.analysis
        if not tree.revision:
            raise NodeFailed(f"{loaded.where} is no git repository, it has no history to go back to")
        for modifier in modifiers:
            path = analysis.files.get(modifier)
            if path is None:
                continue
            commit = to if to != COLLECTION else _collected(tree.history([path]))
            data = None if not commit else _at(tree, commit, path)
            if data is None:
                faults.append(
                    f"{analysis.record_id}: no commit {'of acquisition' if to == COLLECTION else to} has {path}"
                )
            elif data != tree.read(path):
                files.setdefault(tree.name, {})[path] = data
    if not files:
        return Outcome(f"everything is as of {to} already, nothing to write", faults=tuple(faults))
    subject = f"<MANUAL> reverted to {to}: {', '.join(modifiers)}"
    outcome = commit_all(state, doing, files, subject, "reverted fits and values")
    return Outcome(outcome.text, outcome.skipped, faults=tuple(faults))


def _collected(history: list[Change]) -> str:
    """The oldest commit of a file whose subject is one of acquisition's; empty where none is."""
    return next((one.commit for one in reversed(history) if one.subject.startswith(SUBJECTS)), "")


def _at(tree: Tree, commit: str, path: str) -> bytes | None:
    folder = tree.name if Path(tree.name).exists() else tree.name.rpartition("@")[0]
    try:
        return open_tree(f"{folder}@{commit}").read(path)
    except NoRepository as problem:
        raise NodeFailed(str(problem)) from None
