"""What all figures have in common: sizes, colours, and how one is saved so that the same data give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure, SubFigure

from pychron.pipeline.ages.samples import Sample

WIDTH_IN = 5.5
"""Two thirds of a page of A4."""
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#7F7F7F"
"""Told apart by the colour-blind and in grey print (Okabe & Ito 2008, Color Universal Design)."""
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Of groups in one figure, from the same source; an eighth group has the first again, with the next of MARKERS."""
MARKERS = ("o", "s", "^", "D", "v")
FORMATS = ("pdf", "svg", "png")

_RC: Any = MappingProxyType(
    {
        "font.family": "DejaVu Sans",
        "font.size": 9.0,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.direction": "out",
        "ytick.direction": "out",
        "legend.frameon": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "pychron",
        "pdf.fonttype": 42,
        "savefig.dpi": 200,
        "figure.dpi": 100,
        "axes.formatter.useoffset": False,
        "mathtext.default": "regular",
    }
)
_NOTHING: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "pdf": {"CreationDate": None, "Creator": "pychron", "Producer": None},
        "svg": {"Date": None, "Creator": "pychron"},
        "png": {"Software": None},
    }
)
"""Metadata without a time or a version."""

K_CA = "K/Ca"
YIELD = "$^{40}$Ar* (%)"


class UnknownFormat(ValueError):
    """A figure's file must end in one of FORMATS."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: a figure ends in .{', .'.join(FORMATS)}")


@contextmanager
def style() -> Iterator[None]:
    """Within it figures are made and saved as ours; nothing outside changes."""
    with mpl.rc_context(dict(_RC)):
        yield


def new_figure(height_in: float = 4.0) -> Figure:
    """An empty figure, for no window: pyplot takes no part."""
    return Figure(figsize=(WIDTH_IN, height_in), layout="constrained")


def title_of(sample: Sample) -> str:
    """`27257 FC-2`"""
    return " ".join(filter(None, (sample.label, sample.name)))


def caption(figure: Figure | SubFigure, text: str) -> None:
    """One small line below: errors and constants."""
    figure.supxlabel(text, fontsize=7, color="#404040", x=0.02, ha="left")


def save(figure: Figure, path: Path) -> None:
    """As PDF, SVG or PNG by the name's end; the same figure gives the same bytes. Raises UnknownFormat, OSError."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise UnknownFormat(path)
    with style():
        figure.savefig(path, format=kind, metadata=dict(_NOTHING[kind]))


def age_text(age: float, error: float, level: int, unit: str = "Ma") -> str:
    """`28.201 ± 0.046 Ma`: the error with two digits, the age with as many decimals."""
    wide = level * error
    decimals = 0
    while decimals < 9 and wide < 9.95 * 10.0**-decimals:
        decimals += 1
    return f"{age:.{decimals}f} ± {wide:.{decimals}f} {unit}"


def mswd_text(mswd: float, probability: float) -> str:
    """`MSWD 1.08, p 0.37`; a number far beyond chance is not written with digits that say nothing."""
    chance = "p < 0.01" if probability < 0.005 else f"p {probability:.2f}"
    return f"MSWD {mswd:.2f}, {chance}" if mswd < 100 else f"MSWD {mswd:.0f}, {chance}"


def look(place: int) -> tuple[str, str]:
    """Colour and marker of the group at `place`, counted from zero."""
    return COLOURS[place % len(COLOURS)], MARKERS[place // len(COLOURS) % len(MARKERS)]
