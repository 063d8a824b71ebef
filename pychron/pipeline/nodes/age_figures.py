"""Ideograms of more than the analyses of one group: means of subgroups, interpreted ages, both, and how ages changed."""

from __future__ import annotations

from collections.abc import Sequence

from pychron.dvc.errors import DvcError
from pychron.dvc.history import Change
from pychron.dvc.layout import identity_of
from pychron.dvc.repository import open_repository
from pychron.pipeline.ages.age_group import AgeGroup, of_ages, of_sample
from pychron.pipeline.ages.group_ages import GroupAge, integrated_age, isochron_age, plateau_age, weighted_age
from pychron.pipeline.ages.samples import Sample
from pychron.pipeline.batch import metadata_of, reduce_analyses
from pychron.pipeline.nodes.drawings import NAMES, save_figure
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.templates.template import NodeSpec

INDEPENDENT = "Bars 1σ; means {level}σ, of ages taken to share nothing."


def subgroups(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """One figure: a curve for each group, whose points are the ages of its subgroups."""
    state.wants_ages = True
    kind = str(spec.options["preferred"])
    members: dict[str, list[GroupAge]] = {}
    faults: list[str] = []
    for group, sample in zip(state.groups, state.samples(), strict=False):
        age = _preferred(sample, kind)
        if age.why:
            faults.append(f"{sample.label}: {age.why}")
        else:
            members.setdefault(group.within or "all", []).append(age)
    if not state.groups:
        raise NodeFailed("there are no groups; write SubGroupingNode before it")
    groups = [
        of_ages(label, [one.age_ma for one in some], [one.error_wo_j for one in some])
        for label, some in members.items()
    ]
    return _write(
        state, spec, doing, groups, faults, f"Points: {kind} of subgroups, 1σ without J.", "Subgroups"
    )


def _preferred(sample: Sample, kind: str) -> GroupAge:
    """`plateau` is for what was heated in steps; whatever else, and what has no plateau, has its weighted mean."""
    good = sample.good
    if kind == "integrated age":
        return integrated_age(good)
    if kind == "isochron age":
        return isochron_age(good).age
    if kind == "plateau" and sample.is_stepped:
        plateau = plateau_age(good).age
        if not plateau.why:
            return plateau
    return weighted_age(good)


def interpreted(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """One figure of the interpreted ages that were chosen, a curve for each sample, identifier, or for all."""
    key = str(spec.options["by_key"])
    found: dict[str, list[tuple[float, float]]] = {}
    for one in state.interpreted:
        label = {"Sample": one.sample, "Identifier": one.identifier}.get(key, "interpreted ages")
        found.setdefault(label, []).append((one.age_ma, one.age_err))
    if not found:
        raise NodeFailed("no interpreted age was chosen; write InterpretedAgeNode before it")
    groups = [of_ages(label, *zip(*some, strict=True)) for label, some in sorted(found.items())]
    return _write(state, spec, doing, groups, [], INDEPENDENT, "Interpreted ages")


def hybrid(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """One figure: the analyses of each group, and the interpreted ages beside them."""
    state.wants_ages = True
    groups = [of_sample(one, weighted_age(one.good)) for one in state.samples() if one.good]
    if state.interpreted:
        ages = [one.age_ma for one in state.interpreted], [one.age_err for one in state.interpreted]
        groups.append(of_ages("interpreted ages", *ages))
    words = "Bars 1σ, analyses without J, interpreted ages with; means {level}σ."
    faults = [] if state.interpreted else ["no interpreted age was chosen"]
    return _write(state, spec, doing, groups, faults, words, "Ages")


def history(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """For each group one figure: its ages now, and as they were at earlier commits of its files."""
    state.wants_ages = True
    most = int(float(spec.options["commits"]))  # type: ignore[arg-type]
    written, faults = [], []
    for sample in state.samples():
        if not sample.good:
            faults.append(f"{sample.label}: no analysis of it has an age")
            continue
        groups = [of_sample(sample, weighted_age(sample.good), "now")]
        changes, problems = _changes(state, sample, most)
        faults += problems
        for change in changes:
            then = _then(state, sample, change)
            if isinstance(then, str):
                faults.append(f"{sample.label} at {change.commit[:7]}: {then}")
            else:
                groups.append(then)
        name = f"{spec.options['file'] or NAMES[spec.klass]}-{sample.label}"
        written += _drawn(
            state, spec, doing, groups, name, "Bars 1σ without J; means {level}σ with J.", "Ages"
        )
    if not written:
        raise NodeFailed("; ".join(faults) or "there is no group to draw")
    return Outcome(f"{'would write' if doing.dry else 'wrote'} {', '.join(written)}", faults=tuple(faults))


def _changes(state: State, sample: Sample, most: int) -> tuple[list[Change], list[str]]:
    """The last commits that changed a file of the sample's analyses, but the newest, which is `now`."""
    loaded = state.one(sample.rows[0].analysis.uuid)
    tree = loaded.repository.tree
    paths = [path for row in sample.rows for path in row.analysis.files.values()]
    if not tree.revision:
        return [], [f"{loaded.where} is no git repository, it has no history"]
    found = tree.history(paths, most + 1)
    return (found if tree.uncommitted(paths) else found[1:])[:most], []


def _then(state: State, sample: Sample, change: Change) -> AgeGroup | str:
    """Its ages at a commit, with today's metadata and constants."""
    loaded = state.one(sample.rows[0].analysis.uuid)
    folder = loaded.repository.tree.name
    folder = folder if "@" not in folder else folder.rpartition("@")[0]
    analyses = []
    try:
        repository = open_repository(f"{folder}@{change.commit}")
        for row in sample.rows:
            path = row.analysis.files.get("analysis", "")
            if path and repository.tree.read(path) is not None:
                analyses.append(repository.analysis(identity_of(path)))
    except DvcError as problem:
        return str(problem)
    meta = metadata_of(state.workspace.meta, state.arithmetic, state.workspace.frozen)
    rows = tuple(reduce_analyses(analyses, meta, state.arithmetic))
    earlier = Sample(sample.label, sample.identifier, sample.aliquot, rows)
    if not earlier.good:
        return "no analysis of it had an age"
    return of_sample(earlier, weighted_age(earlier.good), f"{change.commit[:7]} {change.subject[:24]}")


def _write(
    state: State,
    spec: NodeSpec,
    doing: Doing,
    groups: Sequence[AgeGroup],
    faults: Sequence[str],
    errors: str,
    ordinate: str,
) -> Outcome:
    if not groups:
        raise NodeFailed("; ".join(faults) or "there is no age to draw")
    name = str(spec.options["file"]) or NAMES[spec.klass]
    written = _drawn(state, spec, doing, groups, name, errors, ordinate)
    return Outcome(f"{'would write' if doing.dry else 'wrote'} {', '.join(written)}", faults=tuple(faults))


def _drawn(
    state: State, spec: NodeSpec, doing: Doing, groups: Sequence[AgeGroup], name: str, errors: str, ordinate: str,
    title: str = "",
) -> list[str]:  # fmt: skip
    from pychron.pipeline.figures.ideogram import IdeogramOptions, ideogram_of

    options = IdeogramOptions(constants=state.arithmetic.name, errors=errors, ordinate=ordinate)
    title = title or (groups[0].label if len(groups) == 1 else "")
    return save_figure(state, spec, doing, ideogram_of(groups, title, options), name)
