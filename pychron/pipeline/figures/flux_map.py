"""J over the irradiation holder: each hole with its mean, contours of the model, and how far the two are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from pychron.dvc.metadata import Hole
from pychron.pipeline.ages.flux import LevelFlux
from pychron.pipeline.figures.style import GREY, caption, new_figure, style
from pychron.reduction.flux import FluxModel, FluxOptions, predict

GRID = 120


@dataclass(frozen=True, slots=True)
class FluxMapOptions:
    """How it is drawn."""

    title: str = ""
    model: FluxOptions | None = None
    """The model whose contours are drawn, for models that are smooth"""
    constants: str = ""


def flux_map(flux: LevelFlux, holder: Sequence[Hole], options: FluxMapOptions | None = None) -> Figure:
    """Holes as circles coloured by J (of the model, else the mean), monitors with a ring and their distance from the model in percent."""
    chosen = options or FluxMapOptions()
    places = {hole.name: hole for hole in holder}
    holes = [one for one in flux.holes if str(one.position.hole) in places]
    values = np.array([one.j if np.isfinite(one.j) else one.mean.value for one in holes])
    known = values[np.isfinite(values)]
    with style():
        figure = new_figure(5.0)
        axes = figure.subplots()
        colours = figure.colorbar
        if len(known):
            low, high = float(known.min()), float(known.max())
            if low == high:
                low, high = low * 0.999, high * 1.001
            mapped = axes.scatter([], [], c=[], cmap="cividis", vmin=low, vmax=high)
            bar = colours(mapped, ax=axes, shrink=0.8)
            bar.set_label("J")
            bar.formatter.set_powerlimits((0, 0))  # type: ignore[attr-defined]
            for one, value in zip(holes, values, strict=True):
                place = places[str(one.position.hole)]
                face = mapped.to_rgba(value) if np.isfinite(value) else "white"
                monitor = one.mean.n > 0 and not one.mean.why
                axes.add_patch(
                    Circle(
                        (place.x, place.y), place.radius or 1.0, facecolor=face,
                        edgecolor="black" if monitor else GREY, linewidth=1.8 if monitor else 0.6, zorder=3,
                    )
                )  # fmt: skip
                text = str(one.position.hole)
                if monitor and np.isfinite(one.j):
                    text += f"\n{100 * (one.mean.value / one.j - 1):+.2f} %"
                axes.annotate(text, (place.x, place.y), ha="center", va="center", fontsize=6, zorder=4,
                              color="white" if value < (low + high) / 2 else "black")  # fmt: skip
            _contours(figure, flux, places, chosen.model)
        axes.set_aspect("equal")
        axes.autoscale_view()
        axes.set_xlabel("x (mm)")
        axes.set_ylabel("y (mm)")
        figure.suptitle(chosen.title, fontsize=10, x=0.02, ha="left")
        caption(
            figure, f"Thick rings: monitors, and how far their mean lies from the model. {chosen.constants}"
        )
    return figure


def _contours(figure: Figure, flux: LevelFlux, places: dict[str, Hole], model: FluxOptions | None) -> None:
    if model is None or model.model not in (FluxModel.PLANE, FluxModel.BOWL):
        return
    axes = figure.axes[0]
    fitted = [one for one in flux.holes if str(one.position.hole) in places]
    x, y = (np.array([getattr(places[str(one.position.hole)], axis) for one in fitted]) for axis in "xy")
    reach = max((hole.radius for hole in places.values()), default=1.0) + 1
    grid = np.meshgrid(
        np.linspace(x.min() - reach, x.max() + reach, GRID),
        np.linspace(y.min() - reach, y.max() + reach, GRID),
    )
    j, error = (np.array([getattr(one, name) for one in fitted]) for name in ("mean_j", "mean_j_err"))
    found = predict(x, y, j, error, grid[0].ravel(), grid[1].ravel(), model)
    if not found.why:
        axes.contour(*grid, found.j.reshape(GRID, GRID), levels=8, colors=GREY, linewidths=0.6, zorder=1)
