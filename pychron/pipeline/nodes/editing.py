"""Changes by hand to many analyses at once, each one commit of a person; only where the run was told to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pychron.dvc import layout
from pychron.dvc.committing import as_bytes
from pychron.dvc.errors import DvcError, NoRepository
from pychron.dvc.history import Change
from pychron.dvc.json_file import parse
from pychron.dvc.modifiers import fits, values
from pychron.dvc.records import Analysis
from pychron.dvc.trees import Tree
from pychron.pipeline.batch import Override
from pychron.pipeline.nodes import manual_values
from pychron.pipeline.nodes.persisting import commit_all
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.templates.template import NodeSpec

TAGS = ("ok", "omit", "invalid", "outlier", "skip")
TEXTS = ("comment", "sample", "material", "project")
"""Keys of an analysis's main file that may be set."""
COLLECTION = "collection"
SUBJECTS = ("<ISOEVO> default", "<BLANKS> preceding", "<ICFactor> default", "<COLLECTION>", "<IMPORT>")
"""How the commits of acquisition begin."""
YOUNGER: Mapping[str, Mapping[str, Any]] = {
    "tags": {"name": "ok", "note": "", "subgroup": ""},
    "cosmogenic": {"use_cosmogenic_correction": False},
}
"""Files that acquisition does not write, as they are when there is nothing in them."""


def check_edits(spec: NodeSpec) -> Iterator[str]:
    """Attributes are known, each is set once, tags are known and have a reason."""
    rows = [row for row in spec.options["edits"] if isinstance(row, Mapping)]  # type: ignore[union-attr]
    reason = str(spec.options["reason"])
    if not rows:
        yield "edits is empty; write for example edits: [{attribute: tag, value: omit}]"
    names = [row.get("attribute", "") for row in rows]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"edits: {name} is set twice"
    for row in rows:
        name, value = row.get("attribute", ""), row.get("value", "")
        if manual_values.is_one(name):
            yield from _check_number(row, reason)
        elif name not in ("tag", *TEXTS):
            numbers = ", ".join(f"{kind} NAME" for kind in manual_values.MODIFIERS)
            yield f"edits: {name or 'a row'} is no attribute; write tag, {', '.join(TEXTS)}, {numbers}"
        elif name == "tag" and value not in TAGS:
            yield f"edits: {value!r} is no tag; write {', '.join(TAGS)}"
        elif name == "tag" and value != "ok" and not reason.strip():
            yield f"reason is empty; write why they are tagged {value}: it stays with each of them"
    if "\n" in reason:
        yield "reason has several lines; write it in one, it stands in the subject of the commit"


def _check_number(row: Mapping[str, str], reason: str) -> Iterator[str]:
    try:
        manual_values.read(row)
    except NodeFailed as problem:
        yield problem.text
    if not reason.strip():
        yield f"reason is empty; write why {row['attribute']} is set by hand: it stays in the history"


def bulk_edit(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """The same edits for every unknown that a node before it chose: a commit of the tags with their reason, one of the texts, one of each kind of number."""
    rows = [row for row in spec.options["edits"] if isinstance(row, Mapping)]  # type: ignore[union-attr]
    edits = {row["attribute"]: row.get("value", "") for row in rows}
    reason = str(spec.options["reason"]).strip()
    texts = {key: value for key, value in edits.items() if key in TEXTS}
    tags = {"name": edits["tag"], "note": reason} if "tag" in edits else {}
    outcomes = []
    for tag, new, place, shown in (
        ("<TAG>", tags, _tag_place, {"tag": edits.get("tag", "")}),
        ("<MANUAL>", texts, _main_place, texts),
    ):
        files: dict[str, dict[str, bytes]] = {}
        for uuid in state.unknowns if new else ():
            loaded = state.one(uuid)
            tree = loaded.repository.tree
            _put(files.setdefault(tree.name, {}), tree, place(loaded.analysis), new)
        files = {name: some for name, some in files.items() if some}
        if files:
            said = ", ".join(f"{key}={value}" for key, value in shown.items())
            subject = f"{tag} {said}{f': {reason}' if reason else ''}"
            outcomes.append(commit_all(state, doing, files, subject, "edits"))
    numbers = [manual_values.read(row) for row in rows if manual_values.is_one(row["attribute"])]
    outcomes += manual_values.edit_all(state, doing, numbers, reason)
    if not outcomes:
        return Outcome("every analysis is so already, nothing to write")
    faults = tuple(fault for one in outcomes for fault in one.faults)
    return Outcome(
        "; ".join(one.text for one in outcomes), any(one.skipped for one in outcomes), faults=faults
    )


def _main_place(analysis: Analysis) -> str:
    return analysis.files["analysis"]


def _tag_place(analysis: Analysis) -> str:
    return analysis.files.get("tags") or layout.paths(layout.identity_of(_main_place(analysis)), "tags")[0]


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
    """Files of the unknowns as acquisition wrote them, or as they were at a commit; a new commit, no history is lost.

    The collection of a file is its oldest commit whose subject is one of acquisition's (spec 1.5). A tag is younger than that: going
    back, an analysis is `ok`; so is cosmogenic argon, and is off then. What is put back takes the place of what was stored for the nodes that follow, too.
    """
    to = str(spec.options["to"]) or COLLECTION
    modifiers = [str(word) for word in spec.options["modifiers"]]  # type: ignore[union-attr]
    past = _Past(state, to, modifiers)
    files: dict[str, dict[str, bytes]] = {}
    faults: list[str] = []
    for uuid in state.unknowns:
        loaded = state.one(uuid)
        tree, analysis = loaded.repository.tree, loaded.analysis
        for modifier in modifiers:
            path, data = past.of(tree, analysis, modifier)
            if data is None and modifier in YOUNGER:
                data = as_bytes(YOUNGER[modifier]) if modifier in analysis.files else None
            elif data is None and modifier in analysis.files:
                commit = "of acquisition" if to == COLLECTION else to
                faults.append(f"{analysis.record_id}: no commit {commit} has {path}")
            if data is not None and data != tree.read(path):
                files.setdefault(tree.name, {})[path] = data
                _take(state, uuid, modifier, path, data)
    if not files:
        return Outcome(f"everything is as of {to} already, nothing to write", faults=tuple(faults))
    subject = f"<MANUAL> reverted to {to}: {', '.join(modifiers)}"
    outcome = commit_all(state, doing, files, subject, "reverted fits and values")
    return Outcome(outcome.text, outcome.skipped, faults=tuple(faults))


class _Past:
    """Files as they were: the history of each repository is walked once, each commit opened once."""

    def __init__(self, state: State, to: str, modifiers: Sequence[str]) -> None:
        self._to = to
        self._trees: dict[str, Tree] = {}
        asked: dict[str, tuple[Tree, set[str]]] = {}
        for uuid in state.unknowns:
            loaded = state.one(uuid)
            tree = loaded.repository.tree
            if not tree.revision:
                raise NodeFailed(f"{loaded.where} is no git repository, it has no history to go back to")
            paths = asked.setdefault(tree.name, (tree, set()))[1]
            paths.update(path for modifier in modifiers for path in _places(loaded.analysis, modifier))
        self._histories = {
            name: tree.histories(paths) if to == COLLECTION else {} for name, (tree, paths) in asked.items()
        }

    def of(self, tree: Tree, analysis: Analysis, modifier: str) -> tuple[str, bytes | None]:
        """Path and content of a file; None where it was not there. What is gone since is looked for in each of its places."""
        places = _places(analysis, modifier)
        for path in places:
            commit = self._to
            if commit == COLLECTION:
                commit = _collected(self._histories[tree.name].get(path, ()))
            data = self._at(tree, commit).read(path) if commit else None
            if data is not None:
                return path, data
        return places[0], None

    def _at(self, tree: Tree, commit: str) -> Tree:
        name = f"{tree.name} {commit}"
        if name not in self._trees:
            try:
                self._trees[name] = tree.at(commit)
            except NoRepository as problem:
                raise NodeFailed(str(problem)) from None
        return self._trees[name]


def _places(analysis: Analysis, modifier: str) -> list[str]:
    """Where a file stands; where it is not there, every place where it may have stood."""
    path = analysis.files.get(modifier)
    return [path] if path else layout.paths(layout.identity_of(_main_place(analysis)), modifier)


def _collected(history: Sequence[Change]) -> str:
    """The oldest commit of a file whose subject is one of acquisition's; empty where none is."""
    return next((one.commit for one in reversed(history) if one.subject.startswith(SUBJECTS)), "")


def _take(state: State, uuid: str, modifier: str, path: str, data: bytes) -> None:
    """Go on with what is put back. A tag counts from the next run on."""
    try:
        document = parse(data, path)
        if modifier == "intercepts":
            state.override(uuid, Override(intercepts=fits(document, path)))
        elif modifier == "baselines":
            state.override(uuid, Override(baselines=fits(document, path)))
        elif modifier == "blanks":
            state.override(uuid, Override(blanks=values(document, path)))
        elif modifier == "icfactors":
            state.override(uuid, Override(ic_factors=values(document, path)))
    except DvcError as problem:
        raise NodeFailed(f"as it was it cannot be read: {problem}; nothing is put back") from None
