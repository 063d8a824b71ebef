"""Correction factors of salts into the metadata, as the production ratios of an irradiation; only where the run was told to."""

from __future__ import annotations

from pychron.dvc.errors import DvcError
from pychron.pipeline.nodes.persisting import changed_file, commit_all
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.templates.template import NodeSpec


def persist(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """The means into `IRRADIATION/productions/NAME.json`; every other ratio of the file stays.

    Where the irradiation uses ratios of the whole laboratory it gets a file of its own: those of other irradiations stay as they are.
    """
    if not state.factors:
        return Outcome("no factor that could be one was found, nothing to write")
    if state.workspace.meta is None:
        raise NodeFailed("no metadata repository is named")
    tree = state.workspace.meta.tree
    irradiation, name = _target(state, spec)
    path = f"{irradiation}/productions/{name}.json"
    source = path if tree.read(path) is not None else f"productions/{name}.json"
    if tree.read(source) is None:
        raise NodeFailed(
            f"{irradiation} has no production ratios {name}; name those that it has with `name:`"
        )
    new = {key: [value, error] for key, value, error in state.factors}
    content = changed_file(tree, source, lambda document: {**document, **new})
    subject = f"updated production ratios {name} of {irradiation}: {', '.join(sorted(new))}"
    return commit_all(state, doing, {tree.name: {path: content}}, subject, "production ratios")


def _target(state: State, spec: NodeSpec) -> tuple[str, str]:
    """The irradiation and the name of its ratios: as the node says, else those of the salts, which are one."""
    meta = state.workspace.meta
    assert meta is not None
    left_out = {uuid for uuid, flags in state.flags.items() if any(flag.fatal for flag in flags)}
    analyses = [state.one(uuid).analysis for uuid in state.unknowns if uuid not in left_out]
    irradiations = [str(spec.options["irradiation"])] if spec.options["irradiation"] else []
    irradiations = irradiations or sorted({one.irradiation for one in analyses})
    if len(irradiations) != 1:
        raise NodeFailed(
            f"the salts are of several irradiations: {', '.join(irradiations)}; write `irradiation:`"
        )
    if spec.options["name"]:
        return irradiations[0], str(spec.options["name"])
    levels = {one.level for one in analyses if one.irradiation == irradiations[0]}
    try:
        names = sorted({meta.productions(irradiations[0], level).name for level in levels})
    except DvcError as problem:
        raise NodeFailed(str(problem)) from None
    if len(names) != 1:
        raise NodeFailed(f"{irradiations[0]} has ratios {', '.join(names) or 'of no name'}; write `name:`")
    return irradiations[0], names[0]
