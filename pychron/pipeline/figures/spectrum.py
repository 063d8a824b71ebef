"""The age spectrum of an aliquot heated in steps: ages against 39Ar released, the plateau, K/Ca and yield above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle

from pychron.pipeline.ages.group_ages import GroupAge, PlateauAge
from pychron.pipeline.ages.results import Quantities
from pychron.pipeline.ages.samples import Sample
from pychron.pipeline.figures.style import (
    BLUE,
    GREY,
    K_CA,
    YIELD,
    age_text,
    caption,
    mswd_text,
    new_figure,
    style,
    title_of,
)


@dataclass(frozen=True, slots=True)
class SpectrumOptions:
    """How it is drawn."""

    level: int = 2
    """Boxes and errors are so many sigma."""
    constants: str = ""
    """Named in the line below."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the order of heating; errors one sigma, None where there is no number."""

    age: float | None
    error: float | None
    """Without that of J"""
    gas: float
    """39ArK, in any unit"""
    inside: bool
    """It is part of the plateau"""
    kca: tuple[float | None, float | None] = (None, None)
    radiogenic: tuple[float | None, float | None] = (None, None)
    """40Ar*, percent"""


def spectrum(
    sample: Sample, plateau: PlateauAge, integrated: GroupAge, options: SpectrumOptions | None = None
) -> Figure:
    """Boxes of the good steps (age without the error of J), in the order of heating; those of the plateau are filled."""
    with style():
        figure = new_figure(5.0)
        draw_spectrum(figure, steps_of(sample, plateau), title_of(sample), plateau.age, integrated, options)
    return figure


def steps_of(sample: Sample, plateau: PlateauAge) -> list[Step]:
    """Its good analyses."""
    quantities = Quantities()
    inside = [row.analysis.uuid for row in plateau.rows] if not plateau.age.why else []
    return [
        Step(
            quantities.of(row, "age")[0],
            row.number(row.reduced.age_err_wo_j),
            quantities.of(row, "k39")[0] or 0.0,
            row.analysis.uuid in inside,
            quantities.of(row, "kca"),
            quantities.of(row, "yield"),
        )
        for row in sample.good
    ]


def draw_spectrum(
    figure: Figure | SubFigure,
    steps: Sequence[Step],
    title: str,
    plateau: GroupAge,
    integrated: GroupAge,
    options: SpectrumOptions | None = None,
) -> None:
    """Into a figure or a part of one, within `style()`. A panel that nothing is known for is left out."""
    chosen = options or SpectrumOptions()
    gas = np.array([one.gas for one in steps])
    edges = np.concatenate([[0.0], 100 * np.cumsum(gas) / gas.sum()]) if gas.sum() > 0 else np.zeros(1)
    panels = [
        (label, values)
        for label, values in ((K_CA, [one.kca for one in steps]), (YIELD, [one.radiogenic for one in steps]))
        if any(value is not None for value, _ in values)
    ]
    ratios = (*(1 for _ in panels), 4)
    axes = figure.subplots(
        len(ratios), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": ratios, "hspace": 0.05}
    )[:, 0]
    for one, (label, values) in zip(axes, panels, strict=False):
        _panel(one, values, edges, label)
    below = axes[-1]
    outside = _boxes(below, steps, edges, plateau, chosen.level)
    below.set_xlim(0, 100)
    below.set_xlabel("Cumulative $^{39}$Ar$_K$ released (%)")
    below.set_ylabel("Apparent age (Ma)")
    figure.suptitle(title, fontsize=10, x=0.02, ha="left")
    below.text(
        0.98, 0.93, _words(steps, plateau, integrated, chosen.level), transform=below.transAxes, fontsize=8,
        ha="right", va="top", bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2},
    )  # fmt: skip
    told = f" {outside} beyond the scale." if outside else ""
    caption(figure, f"Boxes {chosen.level}σ without J; ages {chosen.level}σ with J.{told} {chosen.constants}")


def _panel(
    axes: Axes, values: Sequence[tuple[float | None, float | None]], edges: np.ndarray, label: str
) -> None:
    """Values of each step; over a logarithm where they are positive and span more than a decade."""
    found = []
    for place, (value, error) in enumerate(values):
        if value is None:
            continue
        found.append(value)
        axes.plot(edges[place : place + 2], [value, value], color="black", linewidth=1.2)
        if error is not None:
            axes.errorbar(
                float(edges[place : place + 2].mean()), value, 2 * error, color="black", linewidth=0.6
            )
    if found and min(found) > 0 and max(found) > 10 * min(found):
        axes.set_yscale("log")
    axes.set_ylabel(label)


def _boxes(axes: Axes, steps: Sequence[Step], edges: np.ndarray, plateau: GroupAge, level: int) -> int:
    """How many of them lie beyond the scale."""
    low, high = [], []
    for place, one in enumerate(steps):
        if one.age is None or one.error is None:
            continue
        left, right = edges[place : place + 2]
        axes.add_patch(
            Rectangle(
                (left, one.age - level * one.error), right - left, 2 * level * one.error, linewidth=0.8,
                facecolor=BLUE if one.inside else "white", edgecolor="black" if one.inside else GREY,
                alpha=0.75 if one.inside else 1.0,
            )
        )  # fmt: skip
        low.append(one.age - level * one.error)
        high.append(one.age + level * one.error)
    if not low:
        return 0
    _limits(axes, np.array(low), np.array(high), None if plateau.why else plateau.age_ma)
    places = [place for place, one in enumerate(steps) if one.inside]
    if places:
        top = axes.get_ylim()[1]
        axes.annotate(
            "", xy=(edges[places[0]], top), xytext=(edges[places[-1] + 1], top), annotation_clip=False,
            arrowprops={"arrowstyle": "<->", "color": BLUE, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
    bottom, top = axes.get_ylim()
    return sum(one > top or other < bottom for one, other in zip(low, high, strict=True))


def _limits(axes: Axes, low: np.ndarray, high: np.ndarray, centre: float | None) -> None:
    """All boxes, unless a few wild steps would flatten the others: then what lies about `centre`, else about the median."""
    middle = (low + high) / 2
    box = float(np.median(high - low))
    about = float(np.median(middle)) if centre is None else centre
    # Steps that all scatter are not wild: half of them lie within a sixth of the reach.
    reach = max(12 * box, 6 * float(np.median(np.abs(middle - about))))
    bottom, top = max(float(low.min()), about - reach), min(float(high.max()), about + reach)
    if top <= bottom:
        bottom, top = about - reach, about + reach
    # Room above for the arrow and the words.
    axes.set_ylim(bottom - 0.1 * (top - bottom), top + 0.35 * (top - bottom))


def _words(steps: Sequence[Step], age: GroupAge, integrated: GroupAge, level: int) -> str:
    lines = []
    if age.why:
        lines.append(f"no plateau: {age.why}")
    else:
        part = sum(one.gas for one in steps if one.inside) / sum(one.gas for one in steps)
        lines.append(
            f"plateau {age_text(age.age_ma, age.error, level)}, {mswd_text(age.mswd, age.probability)}, "
            f"{age.n} steps, {100 * part:.0f} % of ³⁹Ar"
        )
    if not integrated.why:
        lines.append(f"all gas {age_text(integrated.age_ma, integrated.error, level)}")
    return "\n".join(lines)
