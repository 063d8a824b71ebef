"""Runs a template node by node; after each its state is on disk, and a run that ended early goes on from there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pychron.config.problems import Place
from pychron.dvc.committing import Author, as_bytes, refuse_unclean, write_durably
from pychron.pipeline.ages.results import as_object, results
from pychron.pipeline.audit import audit
from pychron.pipeline.events import AnalysisReduced
from pychron.pipeline.nodes.registry import WORK, check
from pychron.pipeline.running.run_file import (
    NAME,
    CannotResume,
    NodeReport,
    RunFile,
    Stands,
    has_begun,
    load,
    save,
)
from pychron.pipeline.running.state import Doing, NodeFailed, State
from pychron.pipeline.templates.klasses import BY_NAME
from pychron.pipeline.templates.template import NodeSpec, Template

RESULT = "result.json"
TAGS: Mapping[str, str | tuple[str, ...]] = {
    "IsotopeEvolutionPersistNode": "<ISOEVO>",
    "DefineEquilibrationPersistNode": "<DEFINE EQUIL>",
    "BlanksPersistNode": "<BLANKS>",
    "ICFactorPersistNode": "<ICFactor>",
    "InterpretedAgePersistNode": "<IA>",
    "FluxPersistNode": "fit flux for ",
    "CorrectionFactorsPersistNode": "updated production ratios ",
    "CosmogenicPersistNode": "<MANUAL> cosmogenic ",
    "BulkEditNode": ("<TAG>", "<MANUAL>"),
    "RevertHistoryNode": "<MANUAL> reverted to ",
}
"""How the subjects of the commits of each class begin."""
OF_METADATA = ("FluxPersistNode", "CorrectionFactorsPersistNode")
"""They write into the metadata, all others into the repositories of the analyses."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A run as far as it came."""

    run: RunFile
    analyses: tuple[AnalysisReduced, ...]
    audit: Mapping[str, Any]

    @property
    def faults(self) -> list[str]:
        """Of its nodes."""
        return [fault for report in self.run.reports for fault in report.faults]

    @property
    def without(self) -> list[AnalysisReduced]:
        """Analyses that are left out of means."""
        return [one for one in self.analyses if any(flag.fatal for flag in one.flags)]

    @property
    def is_whole(self) -> bool:
        """Every node did its work, on every analysis."""
        skipped = any(one.skipped and not BY_NAME[one.klass].writes for one in self.run.reports)
        return self.run.stands is Stands.DONE and not (self.faults or self.without or skipped)


def faults_of(template: Template) -> list[tuple[Place, str]]:
    """What is wrong with the options of nodes, before anything runs, with the place of the node."""
    return [(spec.place, f"{spec.shown}: {text}") for spec in template.flat() for text in check(spec)]


def problems_of(template: Template) -> list[str]:
    """The same as lines: `FILE:LINE: NODE: text`."""
    return [f"{place}: {text}" for place, text in faults_of(template)]


def key_of(template: Template, state: State) -> str:
    """Names what the run computes: another template, choice or arithmetic is another run."""
    nodes = [(spec.klass, spec.name, sorted(spec.options.items())) for spec in template.flat()]
    text = repr((template.name, nodes, state.given, state.arithmetic))
    return hashlib.sha256(text.encode()).hexdigest()


def new_run(template: Template, state: State) -> RunFile:
    """One that has done nothing yet."""
    return RunFile(template.name, key_of(template, state), revisions(state))


def revisions(state: State) -> dict[str, str]:
    """What is checked out of each repository, now."""
    trees = [one.tree for one in state.workspace.repositories]
    if state.workspace.meta is not None:
        trees.append(state.workspace.meta.tree)
    return {tree.name: tree.revision for tree in trees}


def resumed(template: Template, state: State, folder: Path, author: Author | None = None) -> RunFile:
    """The run whose file stands in `folder`. Raises CannotResume where it is another run, or the data are others.

    Commits of the run itself are no change: those that it remembers, and those that the node at which it was killed had made by then.
    """
    run = load(folder, state)
    if run.key != key_of(template, state):
        raise CannotResume(
            f"{folder / NAME} is of another template, choice or constants than you name now; give them as then, or "
            "begin anew with --new"
        )
    if run.stands is Stands.DONE:
        raise CannotResume(f"the run in {folder} is done; begin a new one with --new")
    now = revisions(state)
    if sorted(now) != sorted(run.revisions):
        raise CannotResume(f"{folder / NAME} is of other repositories; begin anew with --new")
    left = template.flat()[len(run.reports) :]
    tag = TAGS.get(left[0].klass, "") if left else ""
    remembered = {one.commit for one in state.commits}
    for name, commit in now.items():
        if commit != run.revisions[name] and not _only_ours(
            name, run.revisions[name], commit, remembered, tag, author
        ):
            raise CannotResume(
                f"{name} was at {run.revisions[name][:12]} when the run began and is at {commit[:12]}: others committed "
                "to it since; begin anew with --new"
            )
    return run


def _only_ours(
    name: str,
    old: str,
    new: str,
    remembered: Container[str],
    tag: str | tuple[str, ...],
    author: Author | None,
) -> bool:
    """Whether only commits of this run lie between two revisions."""
    import pygit2

    repository = pygit2.Repository(name)
    commit = repository[new].peel(pygit2.Commit)
    for _ in range(len(WORK)):
        if str(commit.id) == old:
            return True
        who = commit.author
        unsaved = bool(tag) and author is not None and (who.name, who.email) == (author.name, author.mail)
        if len(commit.parents) != 1 or not (
            str(commit.id) in remembered or (unsaved and commit.message.startswith(tag))
        ):
            return False
        commit = commit.parents[0]
    return False


def run_folder(base: Path, name: str, new: bool, resume: bool = False) -> tuple[Path, bool]:
    """The folder of the next run, or of the last where that is not done; whether it is an old one.

    A run that did not get beyond its first node stands in nobody's way, unless it is to be resumed. Folders are `NAME-0001` and so
    on; none is ever written over.
    """
    found = sorted(
        (int(match[1]), path)
        for path in (base.iterdir() if base.is_dir() else ())
        if (match := re.fullmatch(rf"{re.escape(name)}-(\d{{4,}})", path.name))
    )
    last = found[-1] if found else None
    if last is not None and not new and not (last[1] / RESULT).exists() and (resume or has_begun(last[1])):
        return last[1], True
    return base / f"{name}-{1 if last is None else last[0] + 1:04d}", False


def refuse_before(template: Template, state: State, doing: Doing) -> None:
    """Raises NotCommitted where a run that persists would be refused at its end: before the long work."""
    klasses = {spec.klass for spec in template.flat() if BY_NAME[spec.klass].writes}
    if not doing.persist or doing.dry or not klasses - {"PushNode"}:
        return
    if not klasses.isdisjoint(OF_METADATA) and state.workspace.meta is not None:
        refuse_unclean(Path(state.workspace.meta.tree.name))
    if klasses.difference(OF_METADATA, ("PushNode",)):
        for one in state.workspace.repositories:
            refuse_unclean(Path(one.tree.name))


def go(
    template: Template,
    state: State,
    doing: Doing,
    run: RunFile,
    tell: Callable[[NodeReport], None] = lambda report: None,
    advance: Callable[[], object] = lambda: None,
) -> Ended:
    """Run the nodes that are not done yet. What a node cannot do ends the run in order; nothing is raised for it."""
    nodes = template.flat()
    passed = run.stands is Stands.STOPPED
    run.stands = Stands.RUNNING
    for number, spec in enumerate(nodes):
        if number < len(run.reports):
            advance()
            continue
        if not doing.dry:
            save(doing.folder, run, state)
        report, stands = _node(state, spec, replace(doing, passed=passed))
        passed = False
        if stands is Stands.RUNNING:
            run.reports.append(report)
        tell(report)
        advance()
        if stands is not Stands.RUNNING:
            run.stands = stands
            break
    else:
        run.stands = Stands.DONE
    ended = _ended(state, run, report if run.stands in (Stands.STOPPED, Stands.FAILED) else None)
    if not doing.dry:
        save(doing.folder, run, state)
        if run.stands is Stands.DONE:
            write_durably(doing.folder / RESULT, as_bytes(object_of(ended, doing.folder)))
    return ended


def _node(state: State, spec: NodeSpec, doing: Doing) -> tuple[NodeReport, Stands]:
    try:
        outcome = WORK[spec.klass].run(state, spec, doing)
    except NodeFailed as failed:
        return NodeReport(spec.klass, spec.name, failed.text, faults=(failed.text,)), Stands.FAILED
    report = NodeReport(spec.klass, spec.name, outcome.text, outcome.skipped, outcome.faults)
    return report, Stands.STOPPED if outcome.stop else Stands.RUNNING


def _ended(state: State, run: RunFile, last: NodeReport | None) -> Ended:
    rows = state.rows()
    loaded = [state.one(uuid) for uuid in state.unknowns]
    found = results(loaded, rows, state.arithmetic)
    if state.level is not None:
        # The analyses of a level whose flux is fitted were reduced with a J of one: their ages are none.
        found = [replace(one, age_ma=None, age_err=None, age_err_wo_j=None) for one in found]
    reports = [*run.reports, *((last,) if last is not None else ())]
    shown = RunFile(run.template, run.key, run.revisions, run.stands, reports)
    return Ended(shown, tuple(found), audit(state))


def object_of(ended: Ended, folder: Path) -> dict[str, Any]:
    """For JSON: what the run did, its analyses, and where every number came from."""
    run = ended.run
    return {
        "template": run.template,
        "key": run.key,
        "folder": str(folder),
        "stands": run.stands.value,
        "whole": ended.is_whole,
        "nodes": [asdict(one) for one in run.reports],
        "analyses": [as_object(one) for one in ended.analyses],
        "audit": dict(ended.audit),
    }


def node_names(template: Template) -> Sequence[str]:
    """What a progress bar counts."""
    return [spec.shown for spec in template.flat()]
