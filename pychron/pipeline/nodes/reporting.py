"""What a person reads of a run: a page with ages and figures, and the analyses with how they were measured."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterator, Sequence

from pychron.dvc.times import text as time_text
from pychron.pipeline.ages.results import Quantities
from pychron.pipeline.ages.samples import Sample
from pychron.pipeline.explain import code
from pychron.pipeline.nodes.exports import write
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.templates.template import NodeSpec

FIELDS = (
    "record_id", "uuid", "time", "analysis_type", "mass_spectrometer", "extract_device", "extract_value",
    "extract_units", "duration_s", "cleanup_s", "weight_mg", "tray", "position", "load", "irradiation", "level", "hole",
    "sample", "material", "project", "tag", "tag_note", "comment", "flags", "repository", "commit",
)  # fmt: skip
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem;font-variant-numeric:tabular-nums}"
    "th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}th:first-child,td:first-child{text-align:left}"
    "tr.out{color:#888}img{max-width:100%;height:auto}small{color:#555}"
)


def metadata(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """A line an analysis: when, with what, of what, where it is kept."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for row in state.rows():
        uuid = row.analysis.uuid
        loaded = state.one(uuid)
        one, gas = loaded.analysis, loaded.analysis.extraction
        flags = "; ".join(flag.text for flag in row.flags)
        when = time_text(one.time) if one.time == one.time else ""
        writer.writerow((
            one.record_id, uuid, when, one.analysis_type, one.mass_spectrometer, gas.device, gas.value, gas.units,
            gas.duration_s, gas.cleanup_s, gas.weight_mg, gas.tray, gas.position, gas.load_name, one.irradiation,
            one.level, one.position, one.sample, one.material, one.project, one.tag, one.tag_note, one.comment, flags, loaded.where,
            loaded.repository.tree.revision,
        ))  # fmt: skip
    name = f"{spec.options['file']}.csv"
    write(state, doing, name, out.getvalue().encode())
    return Outcome(f"{'would write' if doing.dry else 'wrote'} {name}: {len(state.unknowns)} analyses")


def report(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """One HTML page that needs no other file: ages of the groups, every analysis, the figures that nodes before it drew."""
    state.wants_ages = True
    state.choose(state.unknowns)
    samples = [one for one in state.samples() if one.rows]
    if not samples:
        raise NodeFailed("there is no analysis to report")
    title = str(spec.options["title"]) or "Ages"
    name = f"{spec.options['file']}.html"
    page = "\n".join(_page(state, samples, title, doing))
    write(state, doing, name, page.encode())
    return Outcome(f"{'would write' if doing.dry else 'wrote'} {name}: {len(samples)} groups")


def _page(state: State, samples: Sequence[Sample], title: str, doing: Doing) -> Iterator[str]:
    from pychron.pipeline.tables.columns import SUMMARY, summary

    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>"
    yield f"<h1>{html.escape(title)}</h1><p>Errors are one sigma. Constants: {html.escape(state.arithmetic.name)}.</p>"
    yield "<h2>Ages</h2>"
    yield from _table([column.heading for column in SUMMARY], summary(samples))
    for sample in samples:
        yield f"<h2>{html.escape(' '.join(filter(None, (sample.label, sample.name))))}</h2>"
        yield from _analyses(sample)
    for one in [file for file in state.written if file.endswith(".svg")] if not doing.dry else []:
        svg = (doing.folder / one).read_text("utf-8")
        yield f"<figure>{svg[svg.index('<svg') :]}<figcaption><small>{html.escape(one)}</small></figcaption></figure>"
    trees = [one.tree for one in state.workspace.repositories]
    trees += [state.workspace.meta.tree] if state.workspace.meta is not None else []
    read = "; ".join(f"{tree.name} at {tree.revision or 'no commit'}" for tree in trees)
    made = ", ".join(f"{key} {value}" for key, value in code().items())
    yield f"<p><small>Read: {html.escape(read)}. Made by {html.escape(made)}.</small></html>"


def _analyses(sample: Sample) -> Iterator[str]:
    quantities = Quantities()
    rows = []
    for row in sample.rows:
        age, error = quantities.of(row, "age") if row.good else (None, None)
        without = row.number(row.reduced.age_err_wo_j) if row.good else None
        rows.append([
            row.analysis.record_id, row.analysis.extraction.value, age, without, error, quantities.of(row, "yield")[0],
            quantities.of(row, "kca")[0], "; ".join(flag.text for flag in row.flags),
        ])  # fmt: skip
    heads = ("Run", "Extraction", "Age (Ma)", "± without J", "± with J", "40Ar* (%)", "K/Ca", "Remark")
    yield from _table(heads, rows, [not row.good for row in sample.rows])


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]], out: Sequence[bool] = ()) -> Iterator[str]:
    yield f"<table><tr>{''.join(f'<th>{html.escape(head)}' for head in heads)}"
    for place, row in enumerate(rows):
        kind = " class=out" if place < len(out) and out[place] else ""
        yield f"<tr{kind}>{''.join(f'<td>{html.escape(_cell(one))}' for one in row)}"
    yield "</table>"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
