"""One quantity against another, each group in its colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from pychron.pipeline.figures.style import GREY, caption, look, new_figure, style


@dataclass(frozen=True, slots=True)
class Point:
    """One analysis; errors one sigma, zero where there is none."""

    x: float
    y: float
    x_error: float = 0.0
    y_error: float = 0.0
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class ScatterOptions:
    """How it is drawn."""

    title: str = ""
    x: str = ""
    """Label with unit"""
    y: str = ""
    level: int = 2
    """Bars are so many sigma."""


def scatter(groups: Sequence[tuple[str, Sequence[Point]]], options: ScatterOptions) -> Figure:
    """Points with bars; those left out are hollow and grey. A legend where there are several groups."""
    with style():
        figure = new_figure(4.0)
        axes = figure.subplots()
        for place, (label, points) in enumerate(groups):
            colour, marker = look(place)
            for left_out in (False, True):
                some = [one for one in points if one.left_out == left_out]
                if some:
                    axes.errorbar(
                        [one.x for one in some], [one.y for one in some],
                        xerr=[options.level * one.x_error for one in some],
                        yerr=[options.level * one.y_error for one in some],
                        fmt=marker, markersize=4, color=GREY if left_out else colour,
                        markerfacecolor="white" if left_out else colour, elinewidth=0.8,
                        label=None if left_out else label,
                    )  # fmt: skip
        axes.ticklabel_format(scilimits=(-3, 5))
        axes.locator_params(nbins=6)
        axes.set_xlabel(options.x)
        axes.set_ylabel(options.y)
        if len(groups) > 1:
            axes.legend(fontsize=7, ncols=2 if len(groups) > 8 else 1)
        figure.suptitle(options.title, fontsize=10, x=0.02, ha="left")
        hollow = any(one.left_out for _, points in groups for one in points)
        caption(figure, f"Bars {options.level}σ." + (" Hollow: left out of means." if hollow else ""))
    return figure
