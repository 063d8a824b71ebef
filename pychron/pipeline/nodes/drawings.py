"""Figures of the groups, as files."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pychron.pipeline.ages.results import Quantities
from pychron.pipeline.batch import Row
from pychron.pipeline.fitting.reference_fits import NoReference, Reference, predict, read_fit
from pychron.pipeline.running.state import Doing, Outcome, State
from pychron.pipeline.templates.template import NodeSpec
from pychron.reduction.inputs import ARGON

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pychron.pipeline.ages.samples import Sample
    from pychron.pipeline.figures.series import SeriesOptions, SeriesPoint

CURVE = 200
"""Points of a curve that is drawn."""
NAMES = {
    "IdeogramNode": "ideogram", "SpectrumNode": "spectrum", "InverseIsochronNode": "isochron", "SeriesNode": "series",
    "RegressionSeriesNode": "regression", "RadialNode": "radial", "CompositeNode": "composite", "XYScatterNode": "scatter",
    "SubgroupIdeogramNode": "subgroups", "InterpretedAgeIdeogramNode": "interpreted_ages", "HybridIdeogramNode": "hybrid",
    "HistoryIdeogramNode": "history",
}  # fmt: skip
"""Of files, where the node names none."""
EXTRACTED = "extract_value"
QUANTITIES = ("age", "f", "kca", "kcl", "yield", "k39", EXTRACTED)
LABELS = {
    "age": "Age (Ma)", "f": "40Ar*/39ArK", "kca": "K/Ca", "kcl": "K/Cl", "yield": "40Ar* (%)", "k39": "39ArK (fA)",
    EXTRACTED: "Extraction value",
}  # fmt: skip


def ideograms(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """One of each group."""

    def draw(sample: Sample) -> Figure | str:
        from pychron.pipeline.ages.group_ages import weighted_age
        from pychron.pipeline.figures.ideogram import IdeogramOptions, ideogram

        if not sample.good:
            return "no analysis of it has an age"
        return ideogram(sample, weighted_age(sample.good), IdeogramOptions(constants=state.arithmetic.name))

    return draw_each(state, spec, doing, draw)


def spectra(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """One of each aliquot that was heated in steps."""

    def draw(sample: Sample) -> Figure | str:
        from pychron.pipeline.ages.group_ages import integrated_age, plateau_age
        from pychron.pipeline.figures.spectrum import SpectrumOptions, spectrum

        if not sample.is_stepped:
            return "it was not heated in steps"
        if not sample.good:
            return "no step of it has an age"
        return spectrum(
            sample, plateau_age(sample.good), integrated_age(sample.good), SpectrumOptions(constants=state.arithmetic.name)
        )  # fmt: skip

    return draw_each(state, spec, doing, draw)


def isochrons(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """The inverse isochron of each group."""

    def draw(sample: Sample) -> Figure | str:
        from pychron.pipeline.ages.group_ages import isochron_age
        from pychron.pipeline.figures.isochron import IsochronOptions, isochron

        if not sample.good:
            return "no analysis of it has an age"
        return isochron(sample, isochron_age(sample.good), IsochronOptions(constants=state.arithmetic.name))

    return draw_each(state, spec, doing, draw)


def draw_each(state: State, spec: NodeSpec, doing: Doing, draw: Callable[[Sample], Figure | str]) -> Outcome:
    """A figure of each group, or why there is none."""
    state.wants_ages = True
    state.choose(state.unknowns)
    base = str(spec.options["file"]) or NAMES[spec.klass]
    left_out, files = [], []
    for sample in state.samples():
        figure = draw(sample)
        if isinstance(figure, str):
            left_out.append(f"{sample.label}: {figure}")
            continue
        files += save_figure(state, spec, doing, figure, f"{base}-{sample.label}")
    words = f"{'would write' if doing.dry else 'wrote'} {', '.join(files) or 'nothing'}"
    if left_out:
        words += f"; none of {'; '.join(left_out[:3])}" + (
            f" and {len(left_out) - 3} more" if len(left_out) > 3 else ""
        )
    return Outcome(words, faults=() if files else ("no figure could be drawn",))


def save_figure(state: State, spec: NodeSpec, doing: Doing, figure: Figure, name: str) -> list[str]:
    """A figure in the formats of the node; the names of its files."""
    from pychron.pipeline.figures.style import save

    if spec.options["title"]:
        figure.suptitle(str(spec.options["title"]), fontsize=10, x=0.02, ha="left")
    formats = spec.options["formats"]
    assert isinstance(formats, tuple)
    names = [f"{file_name(name)}.{form}" for form in formats]
    for one in names if not doing.dry else ():
        save(figure, doing.folder / one)
        state.written.append(one)
    return names


def file_name(text: str) -> str:
    """A label as the name of a file."""
    return re.sub(r"[^\w.\-]+", "_", text).strip("._") or "figure"


def check_values(spec: NodeSpec) -> Iterator[str]:
    """Values are isotopes, ratios of two, or quantities."""
    words = spec.options["values"]
    assert isinstance(words, tuple)
    for word in words:
        yield from check_value("values", str(word))


def check_value(key: str, word: str) -> Iterator[str]:
    """Why an option's word is no value."""
    parts = word.split("/")
    if word not in QUANTITIES and not (len(parts) <= 2 and all(one in ARGON for one in parts)):
        yield f"{key}: {word or 'it'} is not known; write an isotope, a ratio as Ar40/Ar36, or {', '.join(QUANTITIES)}"


def label_of(word: str) -> str:
    """What an axis says of a value."""
    return LABELS.get(word, word if "/" in word else f"{word} (fA)")


def series(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """One figure of each value, all unknowns against time; with `fit` among the options a regression through them."""
    from pychron.pipeline.figures.series import SeriesOptions, SeriesPoint
    from pychron.pipeline.figures.series import series as draw

    words = spec.options["values"]
    assert isinstance(words, tuple)
    quantities, files, faults = Quantities(), [], []
    rows = state.rows()
    for word in map(str, words):
        points = []
        for row in rows:
            value, error = value_of(row, word, quantities)
            if value is not None and math.isfinite(row.analysis.time):
                points.append(SeriesPoint(row.analysis.time, value, error or 0.0, not row.good))
        if not points:
            faults.append(f"no analysis has a value of {word}")
            continue
        options = SeriesOptions(str(spec.options["title"]), label_of(word))
        if "fit" in spec.options:
            try:
                options = regressed(
                    points, options, str(spec.options["fit"]), str(spec.options["error_type"])
                )
            except NoReference as problem:
                faults.append(f"no fit of {word}: {problem.text}")
        figure = draw(points, options)
        base = str(spec.options["file"]) or NAMES[spec.klass]
        files += save_figure(state, spec, doing, figure, f"{base}-{word.replace('/', '_')}")
    return Outcome(
        f"{'would write' if doing.dry else 'wrote'} {', '.join(files) or 'nothing'}", faults=tuple(faults)
    )


def regressed(
    points: Sequence[SeriesPoint], options: SeriesOptions, fit: str, error_type: str
) -> SeriesOptions:
    """With the curve through the points that are not left out. Raises NoReference."""
    kept = [Reference(one.time, one.value, one.error) for one in points if not one.left_out]
    chosen = read_fit(fit, error_type)
    times = [one.time for one in points]
    first, last = min(times), max(times)
    at = [first + (last - first) * step / (CURVE - 1) for step in range(CURVE)]
    curve = tuple((time, *predict(chosen, kept, time)) for time in at)
    return replace(options, curve=curve, words=f"{fit}, {error_type}, n {len(kept)}")


def value_of(row: Row, word: str, quantities: Quantities) -> tuple[float | None, float | None]:
    """An isotope (corrected), a ratio of two, or a quantity, with its one-sigma error."""
    if word == EXTRACTED:
        return row.analysis.extraction.value, None
    return quantities.of(row, word)
