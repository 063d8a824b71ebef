"""Isochrons: points as ellipses of their correlated errors, the line with its envelope, what it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Ellipse

from pychron.pipeline.ages.group_ages import Floats, GroupAge, IsochronAge
from pychron.pipeline.ages.samples import Sample
from pychron.pipeline.figures.style import (
    BLUE,
    GREY,
    ORANGE,
    age_text,
    caption,
    mswd_text,
    new_figure,
    style,
    title_of,
)
from pychron.reduction.isochron import Isochron


@dataclass(frozen=True, slots=True)
class IsochronOptions:
    """How it is drawn."""

    level: int = 2
    """Ellipses, envelope and errors are so many sigma."""
    normal: bool = False
    """It was made as a normal isochron."""
    constants: str = ""
    """Named in the line below."""


@dataclass(frozen=True, slots=True)
class Points:
    """Abscissae and ordinates (n,) with one-sigma errors and the covariance of the two of each point."""

    x: Floats
    y: Floats
    x_error: Floats
    y_error: Floats
    covariance: Floats


def isochron(sample: Sample, result: IsochronAge, options: IsochronOptions | None = None) -> Figure:
    """The points of `result` with their ellipses  and its line."""
    chosen = options or IsochronOptions()
    with style():
        figure = new_figure(4.2)
        draw_isochron(
            figure, points_of(result, normal=chosen.normal), result.isochron, result.age, title_of(sample), chosen
        )  # fmt: skip
    return figure


def points_of(result: IsochronAge, *, normal: bool = False) -> Points | None:
    """Of its analyses; None without any."""
    if not result.rows:
        return None
    names = ("x_normal", "y_normal") if normal else ("x", "y")
    reduced = result.rows[0].reduced
    index = np.array([row.index for row in result.rows])
    x, y = (reduced.value(name)[index] for name in names)
    sx, sy = (reduced.error(name)[index] for name in names)
    return Points(x, y, sx, sy, np.diagonal(reduced.covariance(index, *names)))


def draw_isochron(
    figure: Figure | SubFigure,
    points: Points | None,
    line: Isochron,
    age: GroupAge,
    title: str,
    options: IsochronOptions,
) -> None:
    """Into a figure or a part of one, within `style()`."""
    axes = figure.subplots()
    if points is not None:
        _points(axes, points, line, options)
        if not line.why:
            _line(axes, line, options.level)
    if options.normal:
        axes.set_xlabel("$^{39}$Ar$_K$/$^{36}$Ar")
        axes.set_ylabel("$^{40}$Ar/$^{36}$Ar")
    else:
        axes.set_xlabel("$^{39}$Ar$_K$/$^{40}$Ar")
        axes.set_ylabel("$^{36}$Ar/$^{40}$Ar")
    axes.text(
        0.03 if options.normal else 0.98, 0.97, _words(line, age, options.level), transform=axes.transAxes,
        fontsize=8, va="top", ha="left" if options.normal else "right",
    )  # fmt: skip
    figure.suptitle(title, fontsize=10, x=0.02, ha="left")
    caption(figure, f"Ellipses, envelope and errors {options.level}σ; age with J. {options.constants}")


def _points(axes: Axes, points: Points, line: Isochron, options: IsochronOptions) -> None:
    x, y, sx, sy = points.x, points.y, points.x_error, points.y_error
    for place in range(len(x)):
        between = points.covariance[place]
        spread = np.array([[sx[place] ** 2, between], [between, sy[place] ** 2]])
        axes.add_patch(_ellipse(float(x[place]), float(y[place]), spread, options.level))
    axes.plot(x, y, "o", markersize=2, color=BLUE)
    right, top = float((x + options.level * sx).max()), float((y + options.level * sy).max())
    if not line.why and not options.normal:
        right, top = max(right, 1 / line.f), max(top, line.line.intercept)
    axes.set_xlim(0, 1.08 * right)
    axes.set_ylim(0, 1.15 * top)


def _ellipse(x: float, y: float, covariance: np.ndarray, level: int) -> Ellipse:
    """Its projections on the axes are `level` sigma of each coordinate."""
    values, vectors = np.linalg.eigh(covariance)
    angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1]))
    wide, high = 2 * level * np.sqrt(np.maximum(values[::-1], 0.0))
    return Ellipse(
        (x, y), float(wide), float(high), angle=float(angle), facecolor=BLUE, alpha=0.3, edgecolor=BLUE
    )


def _line(axes: Axes, found: Isochron, level: int) -> None:
    line = found.line
    at = np.linspace(*axes.get_xlim(), 200)
    y = line.intercept + line.slope * at
    variance = line.intercept_error**2 + 2 * at * line.covariance + (at * line.slope_error) ** 2
    wide = level * np.sqrt(np.maximum(variance, 0.0))
    axes.plot(at, y, color=ORANGE, linewidth=1.2)
    axes.fill_between(at, y - wide, y + wide, color=GREY, alpha=0.25, linewidth=0)


def _words(line: Isochron, age: GroupAge, level: int) -> str:
    if line.why:
        return f"no isochron: {line.why}"
    words = [f"age {age_text(age.age_ma, age.error, level)}" if not age.why else age.why]
    if np.isfinite(line.trapped):
        trapped = age_text(line.trapped, line.trapped_error, level, "").strip()
        words.append(f"trapped ⁴⁰Ar/³⁶Ar {trapped}")
    else:
        words.append("trapped argon not determined")
    words.append(f"n {line.line.n}, {mswd_text(line.line.mswd, line.line.probability)}")
    return "\n".join(words)
