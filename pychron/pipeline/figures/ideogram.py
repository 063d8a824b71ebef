"""Ages of groups as probability curves, with each age below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pychron.pipeline.ages.age_group import AgeGroup, of_sample
from pychron.pipeline.ages.group_ages import GroupAge
from pychron.pipeline.ages.samples import Sample
from pychron.pipeline.figures.style import (
    GREY,
    ORANGE,
    age_text,
    caption,
    look,
    mswd_text,
    new_figure,
    style,
    title_of,
)
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
    errors: str = "Bars 1σ without J; mean {level}σ with J, band without."
    """What the line below says of the errors"""
    ordinate: str = "Analyses"
    """What each point is"""


def ideogram(sample: Sample, mean: GroupAge, options: IdeogramOptions | None = None) -> Figure:
    """The curve of the good ages (errors without J), the ages in order below, and their weighted mean."""
    return ideogram_of([of_sample(sample, mean)], title_of(sample), options)


def ideogram_of(groups: Sequence[AgeGroup], title: str, options: IdeogramOptions | None = None) -> Figure:
    """A curve for each group over one scale, each in its colour, and its mean; a single group is blue with an orange mean."""
    chosen = options or IdeogramOptions()
    drawn = [one for one in groups if len(one.ages)]
    alone = len(groups) == 1
    with style():
        figure = new_figure(4.6)
        above, below = figure.subplots(
            2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 2), "hspace": 0.05}
        )
        if drawn:
            _curves(above, drawn, chosen)
            _ages(below, drawn)
        for place, one in enumerate(drawn):
            colour = ORANGE if alone else look(place)[0]
            if not one.mean.why:
                _mean(above, below, one.mean, colour, chosen.level)
            above.text(
                0.98, 0.96 - 0.17 * place * (not alone), _words(one, alone, chosen.level), transform=above.transAxes,
                ha="right", va="top", fontsize=8 if alone else 7, color="black" if alone else colour,
            )  # fmt: skip
        above.set_ylabel("Kernel density" if chosen.kernel else "Relative probability")
        above.set_yticks([])
        below.set_xlabel("Age (Ma)")
        below.set_yticks([])
        below.set_ylabel(chosen.ordinate)
        figure.suptitle(title, fontsize=10, x=0.02, ha="left")
        caption(figure, f"{chosen.errors.format(level=chosen.level)} {chosen.constants}")
    return figure


def _words(one: AgeGroup, alone: bool, level: int) -> str:
    mean = one.mean
    name = "" if alone else f"{one.label}: "
    if mean.why:
        return f"{name}{mean.why}" if not alone else ""
    text = f"{name}{age_text(mean.age_ma, mean.error, level)}\nn {mean.n}"
    return text + (f", {mswd_text(mean.mswd, mean.probability)}" if np.isfinite(mean.mswd) else "")


def _mean(above: Axes, below: Axes, mean: GroupAge, colour: str, level: int) -> None:
    for axes in (above, below):
        axes.axvspan(
            mean.age_ma - level * mean.error_wo_j, mean.age_ma + level * mean.error_wo_j, color=colour, alpha=0.2,
            linewidth=0,
        )  # fmt: skip
        axes.axvline(mean.age_ma, color=colour, linewidth=1)


def _curves(axes: Axes, groups: Sequence[AgeGroup], options: IdeogramOptions) -> None:
    at = abscissae(
        np.concatenate([one.ages for one in groups]), np.concatenate([one.errors for one in groups])
    )
    highest = 0.0
    for place, one in enumerate(groups):
        colour, _ = look(place)
        curve = kernel_density(one.ages, at) if options.kernel else probability_sum(one.ages, one.errors, at)
        axes.fill_between(at, curve, color=colour, alpha=0.25, linewidth=0)
        axes.plot(at, curve, color=colour, linewidth=1.2)
        highest = max(highest, float(curve.max()))
    axes.set_ylim(0, (1.35 if len(groups) == 1 else 1.2 + 0.2 * len(groups)) * highest)
    axes.set_xlim(float(at[0]), float(at[-1]))


def _ages(axes: Axes, groups: Sequence[AgeGroup]) -> None:
    start = 0
    for place, one in enumerate(groups):
        height = start + np.arange(len(one.ages))
        colour, marker = look(place)
        axes.errorbar(
            one.ages, height, xerr=one.errors, fmt=marker, markersize=4, color=colour,
            ecolor=GREY, elinewidth=1, capsize=0,
        )  # fmt: skip
        start += len(one.ages) + 1
    axes.set_ylim(-1, start - 1)
