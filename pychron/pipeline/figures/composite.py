"""One page of a heated aliquot: its spectrum beside its inverse isochron."""

from __future__ import annotations

from matplotlib.figure import Figure

from pychron.pipeline.ages.group_ages import GroupAge, IsochronAge, PlateauAge
from pychron.pipeline.ages.samples import Sample
from pychron.pipeline.figures.isochron import IsochronOptions, draw_isochron, points_of
from pychron.pipeline.figures.spectrum import SpectrumOptions, draw_spectrum, steps_of
from pychron.pipeline.figures.style import new_figure, style, title_of

WIDE = 2.0
"""Times the width of one figure."""


def composite(
    sample: Sample, plateau: PlateauAge, integrated: GroupAge, line: IsochronAge, constants: str = ""
) -> Figure:
    """Both as they are drawn alone, from the same steps."""
    with style():
        figure = new_figure(5.0)
        figure.set_figwidth(WIDE * figure.get_figwidth())
        left, right = figure.subfigures(1, 2)  # type: ignore[misc]
        draw_spectrum(
            left, steps_of(sample, plateau), title_of(sample), plateau.age, integrated, SpectrumOptions(constants=constants)
        )  # fmt: skip
        draw_isochron(
            right, points_of(line), line.isochron, line.age, "Inverse isochron", IsochronOptions(constants=constants)
        )  # fmt: skip
    return figure
