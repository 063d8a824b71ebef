"""Tables of the groups, as files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pychron.pipeline.nodes.interpreted import sheet, stored
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.templates.template import NodeSpec

if TYPE_CHECKING:
    from pychron.pipeline.tables.columns import Column


def xlsx_table(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Analyses, ages of the groups and how they were made, a sheet each."""
    return _table(state, spec, doing, "xlsx")


def csv_table(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """The same as CSV, a file each."""
    return _table(state, spec, doing, "csv")


def _table(state: State, spec: NodeSpec, doing: Doing, form: str) -> Outcome:
    from pychron.pipeline.tables.columns import COLUMNS, SIMPLE, SUMMARY, Cell, lines, summary
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
    places = SIMPLE if spec.options.get("columns") == "simple" else range(len(COLUMNS))
    table = [[line[place] for place in places] for sample in samples for line in lines(sample)]
    sheets: dict[str, tuple[Sequence[Column], Sequence[Sequence[Cell]]]] = {
        "Analyses": ([COLUMNS[place] for place in places], table),
        "Ages": (SUMMARY, summary(samples)),
        "Metadata": (METADATA, told),
    }
    faults: list[str] = []
    if spec.options.get("interpreted_ages"):
        found, faults = stored(state, ())
        wanted = {row.analysis.identifier for sample in samples for row in sample.rows}
        sheets["Interpreted ages"] = sheet([one for one in found if one[1].identifier in wanted])
    path = doing.folder / f"{spec.options['file']}.{form}"
    if doing.dry:
        return Outcome(f"would write {path.name}: {len(state.unknowns)} analyses", faults=tuple(faults))
    names = [one.name for one in write_tables(sheets, path)]
    state.written += names
    return Outcome(
        f"wrote {', '.join(names)}: {len(state.unknowns)} analyses, {len(samples)} groups",
        faults=tuple(faults),
    )


def yield_table(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """What each extraction set free, as XLSX and CSV; a spectrometer whose sensitivity is not known is told, once."""
    from pychron.pipeline.tables.writing import write_tables
    from pychron.pipeline.tables.yields import YIELDS, yields

    state.wants_ages = True
    state.choose(state.unknowns)
    samples = [sample for sample in state.samples() if sample.rows]
    if not samples:
        raise NodeFailed("there is no analysis to put into a table")
    lines = [line for sample in samples for line in yields(sample)]
    unknown = dict.fromkeys(
        row.analysis.mass_spectrometer
        for sample in samples
        for row in sample.rows
        if row.number(row.reduced.batch.sensitivity) is None
    )
    told = "".join(
        f"; the sensitivity of {name or 'a spectrometer without a name'} is not known: no mol, write spectrometers/{name}.sens.json"
        for name in unknown
    )
    names = [f"{spec.options['file']}.{form}" for form in ("xlsx", "csv")]
    for name in names if not doing.dry else ():
        write_tables({"Yields": (YIELDS, lines)}, doing.folder / name)
        state.written.append(name)
    verb = "would write" if doing.dry else "wrote"
    return Outcome(f"{verb} {', '.join(names)}: {len(lines)} analyses, {len(samples)} groups{told}")
