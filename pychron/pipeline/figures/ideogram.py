"""Ages of a group as a probability curve, with each age below it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pychron.pipeline.batch import Row
from pychron.pipeline.figures.style import BLUE, GREY, ORANGE, age_text, caption, new_figure, style
from pychron.pipeline.group_ages import GroupAge
from pychron.pipeline.samples import Sample
from pychron.reduction.ideogram import abscissae, kernel_density, probability_sum


@dataclass(frozen=True, slots=True)
class IdeogramOptions:
    """How it is drawn."""

    level: int = 2
    """Of the mean's error; each age is drawn with one sigma."""
    kernel: bool = False
    """A kernel density of the ages in place of the sum of their normal curves."""
    constants: str = ""
    """Named in the line below."""


def ideogram(sample: Sample, mean: GroupAge, options: IdeogramOptions | None = None) -> Figure:
    """The curve of the good ages (errors without J), the ages in order below, and their weighted mean."""
    chosen = options or IdeogramOptions()
    rows = sorted(sample.good, key=lambda row: float(row.reduced.age_ma[row.index]))
    ages = np.array([row.reduced.age_ma[row.index] for row in rows])
    errors = np.array([row.reduced.age_err_wo_j[row.index] for row in rows])
    with style():
        figure = new_figure(4.6)
        above, below = figure.subplots(
            2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 2), "hspace": 0.05}
        )
        if len(ages):
            _curve(above, ages, errors, chosen)
            _ages(below, rows, ages, errors)
        if not mean.why:
            for axes in (above, below):
                axes.axvspan(
                    mean.age_ma - chosen.level * mean.error_wo_j, mean.age_ma + chosen.level * mean.error_wo_j,
                    color=ORANGE, alpha=0.2, linewidth=0,
                )  # fmt: skip
                axes.axvline(mean.age_ma, color=ORANGE, linewidth=1)
            text = f"{age_text(mean.age_ma, mean.error, chosen.level)}\nn {mean.n}"
            text += f", MSWD {mean.mswd:.2f}, p {mean.probability:.2f}" if np.isfinite(mean.mswd) else ""
            above.text(0.98, 0.96, text, transform=above.transAxes, ha="right", va="top", fontsize=8)
        above.set_ylabel("Kernel density" if chosen.kernel else "Relative probability")
        above.set_yticks([])
        below.set_xlabel("Age (Ma)")
        below.set_yticks([])
        below.set_ylabel("Analyses")
        title = " ".join(filter(None, (sample.label, sample.name)))
        figure.suptitle(title, fontsize=10, x=0.02, ha="left")
        caption(figure, f"Bars 1σ without J; mean {chosen.level}σ with J, band without. {chosen.constants}")
    return figure


def _curve(axes: Axes, ages: np.ndarray, errors: np.ndarray, options: IdeogramOptions) -> None:
    at = abscissae(ages, errors)
    curve = kernel_density(ages, at) if options.kernel else probability_sum(ages, errors, at)
    axes.fill_between(at, curve, color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(at, curve, color=BLUE, linewidth=1.2)
    axes.set_ylim(0, 1.35 * float(curve.max()))
    axes.set_xlim(float(at[0]), float(at[-1]))


def _ages(axes: Axes, rows: list[Row], ages: np.ndarray, errors: np.ndarray) -> None:
    height = np.arange(len(rows))
    axes.errorbar(
        ages, height, xerr=errors, fmt="o", markersize=4, color=BLUE, ecolor=GREY, elinewidth=1, capsize=0
    )
    axes.set_ylim(-1, len(rows))
