"""Files for other programs: raw series, the audit trail."""

from __future__ import annotations

import csv
import io

from pychron.dvc.committing import as_bytes, write_durably
from pychron.dvc.errors import DvcError
from pychron.pipeline.audit import as_csv, audit
from pychron.pipeline.running.state import Doing, Outcome, State
from pychron.pipeline.templates.template import NodeSpec


def raw_data(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Every reading of the unknowns, one row each: t in s since time zero, the signal in the detector's unit."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("record_id", "uuid", "kind", "isotope", "detector", "t_s", "signal"))
    faults, points = [], 0
    for uuid in state.unknowns:
        loaded = state.one(uuid)
        try:
            series, problems = loaded.repository.series(loaded.analysis)
        except DvcError as problem:
            series, problems = [], [str(problem)]
        faults += [f"{loaded.analysis.record_id}: {text}" for text in problems]
        for raw in series:
            head = (loaded.analysis.record_id, uuid, raw.kind, raw.isotope, raw.detector)
            writer.writerows((*head, float(t), float(y)) for t, y in zip(raw.t, raw.y, strict=True))
            points += len(raw.y)
    name = f"{spec.options['file']}.csv"
    write(state, doing, name, out.getvalue().encode())
    return Outcome(
        f"{'would write' if doing.dry else 'wrote'} {points} readings: {name}", faults=tuple(faults)
    )


def trail(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """The audit trail as JSON and CSV."""
    found = audit(state)
    base = str(spec.options["file"])
    write(state, doing, f"{base}.json", as_bytes(found))
    write(state, doing, f"{base}.csv", as_csv(found).encode())
    loose = sum(len(one["uncommitted"]) for one in found["repositories"])
    told = f", {loose} of them with uncommitted changes" if loose else ""
    files = sum(len(one["files"]) for one in found["analyses"])
    verb = "would write" if doing.dry else "wrote"
    return Outcome(f"{verb} {base}.json and {base}.csv: {files} files of analyses{told}")


def write(state: State, doing: Doing, name: str, content: bytes) -> None:
    """A file of the run's folder."""
    if not doing.dry:
        write_durably(doing.folder / name, content)
        state.written.append(name)
