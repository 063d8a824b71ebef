"""Values of many analyses against time: blanks, airs, monitors, with a fit, limits, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import matplotlib.dates
import numpy as np
from matplotlib.figure import Figure

from pychron.pipeline.figures.style import BLUE, GREY, ORANGE, caption, new_figure, style


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """One analysis."""

    time: float
    """Seconds, as an analysis has them"""
    value: float
    error: float
    """One sigma"""
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class SeriesOptions:
    """How it is drawn."""

    title: str = ""
    label: str = ""
    """Of the values, with unit"""
    level: int = 2
    limits: tuple[float, float] | None = None
    """Drawn as dashed lines"""
    centre: float | None = None
    """A mean or target, drawn as a line"""
    curve: tuple[tuple[float, float, float], ...] = ()
    """Time, value and one-sigma error of what was fitted, drawn as a line in its band"""
    words: str = ""
    """Stands in the upper right corner"""


def series(points: Sequence[SeriesPoint], options: SeriesOptions) -> Figure:
    """Points with bars of `level` sigma; those left out are hollow and take no part in the scale."""
    with style():
        figure = new_figure(3.4)
        axes = figure.subplots()
        for left_out, colour, face in ((True, GREY, "white"), (False, BLUE, BLUE)):
            some = [one for one in points if one.left_out == left_out]
            if some:
                axes.errorbar(
                    np.array([datetime.fromtimestamp(one.time, UTC).replace(tzinfo=None) for one in some]),
                    [one.value for one in some],
                    [options.level * one.error for one in some],
                    fmt="o", markersize=4, color=colour, markerfacecolor=face, elinewidth=0.8,
                    label="left out" if left_out else None,
                )  # fmt: skip
        kept = [one for one in points if not one.left_out] or list(points)
        if kept:
            low = min(one.value - options.level * one.error for one in kept)
            high = max(one.value + options.level * one.error for one in kept)
            low, high = min((low, *(options.limits or ()))), max((high, *(options.limits or ())))
            margin = 0.08 * (high - low) or abs(high) * 0.05 or 1.0
            axes.set_ylim(low - margin, high + margin)
        if options.centre is not None:
            axes.axhline(options.centre, color=ORANGE, linewidth=1)
        for limit in options.limits or ():
            axes.axhline(limit, color=ORANGE, linewidth=1, linestyle="--")
        if options.curve:
            at = [datetime.fromtimestamp(time, UTC).replace(tzinfo=None) for time, _, _ in options.curve]
            values, wide = (np.array([one[place] for one in options.curve]) for place in (1, 2))
            axes.plot(np.array(at), values, color=ORANGE, linewidth=1.2)
            axes.fill_between(
                np.array(at), values - options.level * wide, values + options.level * wide, color=ORANGE, alpha=0.15,
                linewidth=0,
            )  # fmt: skip
        axes.text(
            0.98, 0.97, options.words, transform=axes.transAxes, ha="right", va="top", fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2},
        )  # fmt: skip
        mdates: Any = matplotlib.dates
        locator = mdates.AutoDateLocator()
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
        axes.set_ylabel(options.label)
        figure.suptitle(options.title, fontsize=10, x=0.02, ha="left")
        if any(one.left_out for one in points):
            axes.legend(fontsize=8)
        caption(figure, f"Bars {options.level}σ; the laboratory's own time.")
    return figure
