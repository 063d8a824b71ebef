"""The figures of the running sample: spectrum, isochron and ideogram as far as they have grown. Drawn in the pool."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pychron.pipeline.ages.group_ages import GroupAge, integrated_age, isochron_age, plateau_age, weighted_age
from pychron.pipeline.ages.results import Quantities
from pychron.pipeline.ages.samples import Sample, samples_of
from pychron.pipeline.batch import Row
from pychron.pipeline.events import Panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOTHING = "no analysis of it has an age yet"
NOT_STEPPED = "it is not heated in steps"
METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
"""Of an SVG: licences and addresses of vocabularies, which nothing on a page needs."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    figure: Figure | None
    values: dict[str, Any]
    why_empty: str = ""


def panels_of(rows: Sequence[Row], constants: str) -> tuple[Panel, ...]:
    """Of the analyses of one identifier; the spectrum is of the aliquot that was heated last."""
    samples = samples_of(rows)
    stepped = [one for one in samples if one.is_stepped]
    last = max(stepped, key=lambda one: one.rows[-1].analysis.time) if stepped else None
    whole = (
        Sample(rows[0].analysis.identifier, rows[0].analysis.identifier, None, tuple(rows)) if rows else None
    )
    return (
        _panel("spectrum", "Age spectrum", last, _spectrum, constants, NOT_STEPPED),
        _panel("isochron", "Inverse isochron", last or whole, _isochron, constants, NOTHING),
        _panel("ideogram", "Ideogram", whole, _ideogram, constants, NOTHING),
    )


def _panel(
    name: str,
    title: str,
    sample: Sample | None,
    draw: Callable[[Sample, str], _Drawn],
    constants: str,
    without: str,
) -> Panel:
    if sample is None:
        return Panel(name, title, "", without)
    if not sample.good:
        return Panel(name, title, "", NOTHING)
    drawn = draw(sample, constants)
    svg = "" if drawn.figure is None else _svg(drawn.figure)
    return Panel(name, f"{title} of {sample.label}", svg, drawn.why_empty, drawn.values)


def _svg(figure: Figure) -> str:
    """A fragment for a page: neither prolog nor document type, nothing that leads outward."""
    from pychron.pipeline.figures.style import style

    out = io.StringIO()
    with style():
        figure.savefig(
            out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    text = out.getvalue()
    return METADATA.sub("", text[text.index("<svg") :])


def _spectrum(sample: Sample, constants: str) -> _Drawn:
    from pychron.pipeline.figures.spectrum import SpectrumOptions, spectrum

    plateau, whole = plateau_age(sample.good), integrated_age(sample.good)
    quantities = Quantities()
    steps = [
        {**_age(row), "k39": quantities.of(row, "k39")[0], "plateau": any(row is one for one in plateau.rows)}
        for row in sample.good
    ]
    values = {"steps": steps, "plateau": _group(plateau.age), "integrated": _group(whole)}
    return _Drawn(spectrum(sample, plateau, whole, SpectrumOptions(constants=constants)), values)


def _isochron(sample: Sample, constants: str) -> _Drawn:
    from pychron.pipeline.figures.isochron import IsochronOptions, isochron

    found = isochron_age(sample.good)
    quantities = Quantities()
    points = []
    for row in sample.good:
        (x, sx), (y, sy) = quantities.of(row, "x"), quantities.of(row, "y")
        points.append({"record_id": row.analysis.record_id, "x": x, "x_err": sx, "y": y, "y_err": sy})
    line = found.isochron
    trapped = {"trapped_40_36": _finite(line.trapped), "trapped_40_36_err": _finite(line.trapped_error)}
    values = {"points": points, "age": {**_group(found.age), **trapped}}
    return _Drawn(isochron(sample, found, IsochronOptions(constants=constants)), values)


def _ideogram(sample: Sample, constants: str) -> _Drawn:
    from pychron.pipeline.figures.ideogram import IdeogramOptions, ideogram

    mean = weighted_age(sample.good)
    values = {"ages": [_age(row) for row in sample.good], "mean": _group(mean)}
    return _Drawn(ideogram(sample, mean, IdeogramOptions(constants=constants)), values)


def _age(row: Row) -> dict[str, Any]:
    reduced = row.reduced
    return {
        "record_id": row.analysis.record_id,
        "uuid": row.analysis.uuid,
        "age_ma": row.number(reduced.age_ma),
        "age_err": row.number(reduced.age_err),
        "age_err_wo_j": row.number(reduced.age_err_wo_j),
    }


def _group(age: GroupAge) -> dict[str, Any]:
    return {
        "age_ma": _finite(age.age_ma),
        "age_err": _finite(age.error),
        "age_err_wo_j": _finite(age.error_wo_j),
        "n": age.n,
        "mswd": _finite(age.mswd),
        "probability": _finite(age.probability),
        "why": age.why,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
