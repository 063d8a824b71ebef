"""Tables of the groups, as files."""

from __future__ import annotations

from pychron.pipeline.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.template import NodeSpec


def xlsx_table(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Analyses, ages of the groups and how they were made, a sheet each."""
    return _table(state, spec, doing, "xlsx")


def csv_table(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """The same as CSV, a file each."""
    return _table(state, spec, doing, "csv")


def _table(state: State, spec: NodeSpec, doing: Doing, form: str) -> Outcome:
    from pychron.pipeline.tables.columns import COLUMNS, SUMMARY, Cell, lines, summary
    from pychron.pipeline.tables.metadata import METADATA, metadata
    from pychron.pipeline.tables.writing import write_tables

    state.wants_ages = True
    state.choose(state.unknowns)
    samples = [sample for sample in state.samples() if sample.rows]
    if not samples:
        raise NodeFailed("there is no analysis to put into a table")
    trees = [repository.tree for repository in state.workspace.repositories]
    trees += [state.workspace.meta.tree] if state.workspace.meta is not None else []
    told = metadata(samples, state.arithmetic, [(tree.name, tree.revision) for tree in trees])
    if title := str(spec.options.get("title", "")):
        head: list[Cell] = ["Title", title, None, ""]
        told = [head, *told]
    sheets = {
        "Analyses": (COLUMNS, [line for sample in samples for line in lines(sample)]),
        "Ages": (SUMMARY, summary(samples)),
        "Metadata": (METADATA, told),
    }
    path = doing.folder / f"{spec.options['file']}.{form}"
    if doing.dry:
        return Outcome(f"would write {path.name}: {len(state.unknowns)} analyses")
    names = [one.name for one in write_tables(sheets, path)]
    state.written += names
    return Outcome(f"wrote {', '.join(names)}: {len(state.unknowns)} analyses, {len(samples)} groups")
