"""The age spectrum of an aliquot heated in steps: ages against 39Ar released, the plateau, K/Ca and yield above."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pychron.pipeline.figures.style import BLUE, GREY, K_CA, YIELD, age_text, caption, new_figure, style
from pychron.pipeline.group_ages import GroupAge, PlateauAge
from pychron.pipeline.results import Quantities
from pychron.pipeline.samples import Sample


@dataclass(frozen=True, slots=True)
class SpectrumOptions:
    """How it is drawn."""

    level: int = 2
    """Boxes and errors are so many sigma."""
    constants: str = ""
    """Named in the line below."""


def spectrum(
    sample: Sample, plateau: PlateauAge, integrated: GroupAge, options: SpectrumOptions | None = None
) -> Figure:
    """Boxes of the good steps (age without the error of J), in the order of heating; those of the plateau are filled."""
    chosen = options or SpectrumOptions()
    good = sample.good
    quantities = Quantities()
    gas = np.array([quantities.of(row, "k39")[0] or 0.0 for row in good])
    edges = np.concatenate([[0.0], 100 * np.cumsum(gas) / gas.sum()]) if gas.sum() > 0 else np.zeros(1)
    with style():
        figure = new_figure(5.0)
        above, middle, below = figure.subplots(
            3, 1, sharex=True, gridspec_kw={"height_ratios": (1, 1, 4), "hspace": 0.05}
        )
        _panel(above, sample, edges, "kca", K_CA)
        _panel(middle, sample, edges, "yield", YIELD)
        outside = _boxes(below, sample, edges, plateau, chosen.level)
        below.set_xlim(0, 100)
        below.set_xlabel("Cumulative $^{39}$Ar$_K$ released (%)")
        below.set_ylabel("Apparent age (Ma)")
        title = " ".join(filter(None, (sample.label, sample.name)))
        figure.suptitle(title, fontsize=10, x=0.02, ha="left")
        below.text(
            0.98, 0.93, _words(plateau, integrated, chosen.level), transform=below.transAxes, fontsize=8,
            ha="right", va="top", bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2},
        )  # fmt: skip
        told = f" {outside} beyond the scale." if outside else ""
        caption(
            figure, f"Boxes {chosen.level}σ without J; ages {chosen.level}σ with J.{told} {chosen.constants}"
        )
    return figure


def _panel(axes: Axes, sample: Sample, edges: np.ndarray, name: str, label: str) -> None:
    """Values of each step; over a logarithm where they are positive and span more than a decade."""
    quantities = Quantities()
    found = []
    for place, row in enumerate(sample.good):
        value, error = quantities.of(row, name)
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


def _boxes(axes: Axes, sample: Sample, edges: np.ndarray, plateau: PlateauAge, level: int) -> int:
    """How many of them lie beyond the scale."""
    quantities = Quantities()
    inside = [row.analysis.uuid for row in plateau.rows] if not plateau.age.why else []
    low, high = [], []
    for place, row in enumerate(sample.good):
        age, error = quantities.of(row, "age")[0], row.number(row.reduced.age_err_wo_j)
        if age is None or error is None:
            continue
        part = row.analysis.uuid in inside
        left, right = edges[place : place + 2]
        axes.add_patch(
            Rectangle(
                (left, age - level * error), right - left, 2 * level * error, linewidth=0.8,
                facecolor=BLUE if part else "white", edgecolor="black" if part else GREY, alpha=0.75 if part else 1.0,
            )
        )  # fmt: skip
        low.append(age - level * error)
        high.append(age + level * error)
    if not low:
        return 0
    _limits(axes, np.array(low), np.array(high), None if plateau.age.why else plateau.age.age_ma)
    if inside:
        places = [place for place, row in enumerate(sample.good) if row.analysis.uuid in inside]
        top = axes.get_ylim()[1]
        axes.annotate(
            "", xy=(edges[places[0]], top), xytext=(edges[places[-1] + 1], top), annotation_clip=False,
            arrowprops={"arrowstyle": "<->", "color": BLUE, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
    bottom, top = axes.get_ylim()
    return sum(one > top or other < bottom for one, other in zip(low, high, strict=True))


def _limits(axes: Axes, low: np.ndarray, high: np.ndarray, centre: float | None) -> None:
    """All boxes, unless one wild step would flatten the others: then what lies about `centre`, else about the median."""
    box = float(np.median(high - low))
    about = float(np.median((low + high) / 2)) if centre is None else centre
    reach = 12 * box
    bottom, top = max(float(low.min()), about - reach), min(float(high.max()), about + reach)
    if top <= bottom:
        bottom, top = about - reach, about + reach
    # Room above for the arrow and the words.
    axes.set_ylim(bottom - 0.1 * (top - bottom), top + 0.35 * (top - bottom))


def _words(plateau: PlateauAge, integrated: GroupAge, level: int) -> str:
    lines = []
    age = plateau.age
    if age.why:
        lines.append(f"no plateau: {age.why}")
    else:
        lines.append(
            f"plateau {age_text(age.age_ma, age.error, level)}, MSWD {age.mswd:.2f}, p {age.probability:.2f}, "
            f"{age.n} steps, {100 * plateau.plateau.gas:.0f} % of ³⁹Ar"
        )
    if not integrated.why:
        lines.append(f"all gas {age_text(integrated.age_ma, integrated.error, level)}")
    return "\n".join(lines)
