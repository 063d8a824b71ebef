"""The radial plot of a group: precise ages lie to the right, and each age lies on the ray that points to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pychron.pipeline.ages.age_group import AgeGroup
from pychron.pipeline.figures.style import BLUE, GREY, ORANGE, age_text, caption, new_figure, style
from pychron.reduction.radial import Floats, Radial, radial


@dataclass(frozen=True, slots=True)
class RadialOptions:
    """How it is drawn."""

    level: int = 2
    """The band about the central age, and the error of the mean"""
    logarithmic: bool = True
    constants: str = ""
    """Named in the line below."""


def radial_plot(group: AgeGroup, title: str, options: RadialOptions | None = None) -> Figure:
    """Ages with their errors without J; the scale of ages is the arc at the right."""
    chosen = options or RadialOptions()
    found = radial(group.ages, group.errors, logarithmic=chosen.logarithmic)
    with style():
        figure = new_figure(4.2)
        axes = figure.subplots()
        if len(found.x):
            _draw(axes, found, group, chosen)
        axes.set_xlabel("Precision (t/σ)" if chosen.logarithmic else "Precision (1/σ, 1/Ma)")
        axes.set_ylabel("Standardised estimate")
        figure.suptitle(title, fontsize=10, x=0.02, ha="left")
        scale = "logarithmic" if chosen.logarithmic else "linear"
        caption(
            figure,
            f"Errors without J; band {chosen.level}σ about the central age; {scale} scale of ages. {chosen.constants}",
        )
    return figure


def _draw(axes: Axes, found: Radial, group: AgeGroup, options: RadialOptions) -> None:
    right = 1.1 * float(found.x.max())
    reach = max(1.3 * float(np.abs(found.y).max()), 2.0 * options.level)
    axes.set_ylim(-reach, reach)
    axes.set_xlim(0, 1.3 * right)
    axes.fill_between([0, right], -options.level, options.level, color=GREY, alpha=0.2, linewidth=0)
    axes.plot([0, right], [0, 0], color=ORANGE, linewidth=1)
    axes.plot(found.x, found.y, "o", markersize=4, color=BLUE)
    steepest = reach / right
    edges = (found.z0 - steepest, found.z0 + steepest)
    low, high = np.exp(edges) if options.logarithmic else edges
    ticks = np.asarray(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
    ticks = ticks[(ticks > max(low, 0.0) if options.logarithmic else ticks > low) & (ticks < high)]
    arc = _arc(np.linspace(-steepest, steepest, 200), right, reach)
    axes.plot(*arc, color="black", linewidth=0.8)
    decimals = max(0, int(np.ceil(-np.log10(np.ptp(ticks) / len(ticks))))) if len(ticks) > 1 else 1
    for age, x, y in zip(ticks, *_arc(found.slope(ticks), right, reach), strict=True):
        axes.plot([x, 1.012 * x], [y, 1.012 * y], color="black", linewidth=0.8)
        axes.text(1.03 * x, 1.03 * y, f"{age:.{decimals}f}", fontsize=7, va="center")
    axes.text(1.26 * right, 0, "Age (Ma)", rotation=270, va="center", ha="center", fontsize=9)
    mean = group.mean
    words = f"central age {found.centre_ma:.5g} Ma, n {len(found.x)}"
    if not mean.why:
        words += f"\nweighted mean {age_text(mean.age_ma, mean.error, options.level)}"
    axes.text(0.02, 0.98, words, transform=axes.transAxes, va="top", fontsize=8)


def _arc(slopes: Floats, right: float, reach: float) -> tuple[Floats, Floats]:
    """Where rays of these slopes meet an ellipse that looks like a circle about the origin."""
    x = right / np.sqrt(1 + (0.35 * slopes * right / reach) ** 2)
    return x, slopes * x
