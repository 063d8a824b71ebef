"""Figures of a group in other forms: radial plots, a spectrum beside its isochron, one quantity against another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pychron.pipeline.ages.group_ages import integrated_age, isochron_age, plateau_age, weighted_age
from pychron.pipeline.ages.results import Quantities
from pychron.pipeline.nodes.drawings import NAMES, check_value, draw_each, label_of, save_figure, value_of
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.templates.template import NodeSpec

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pychron.pipeline.ages.samples import Sample

NO_AGE = "no analysis of it has an age"


def radials(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """A radial plot of each group."""

    def draw(sample: Sample) -> Figure | str:
        from pychron.pipeline.ages.age_group import of_sample
        from pychron.pipeline.figures.radial import RadialOptions, radial_plot
        from pychron.pipeline.figures.style import title_of

        if not sample.good:
            return NO_AGE
        logarithmic = spec.options["scale"] == "logarithmic"
        options = RadialOptions(logarithmic=logarithmic, constants=state.arithmetic.name)
        return radial_plot(of_sample(sample, weighted_age(sample.good)), title_of(sample), options)

    return draw_each(state, spec, doing, draw)


def composites(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Spectrum and inverse isochron of each aliquot that was heated in steps, side by side."""

    def draw(sample: Sample) -> Figure | str:
        from pychron.pipeline.figures.composite import composite

        if not sample.is_stepped:
            return "it was not heated in steps"
        good = sample.good
        if not good:
            return "no step of it has an age"
        return composite(
            sample, plateau_age(good), integrated_age(good), isochron_age(good), state.arithmetic.name
        )

    return draw_each(state, spec, doing, draw)


def check_axes(spec: NodeSpec) -> Iterator[str]:
    """Both are values."""
    for key in ("x", "y"):
        yield from check_value(key, str(spec.options[key]))


def scatter(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """One figure of all groups."""
    from pychron.pipeline.figures.scatter import Point, ScatterOptions
    from pychron.pipeline.figures.scatter import scatter as draw

    x, y = str(spec.options["x"]), str(spec.options["y"])
    quantities = Quantities()
    groups, missing = [], 0
    for sample in state.samples():
        points = []
        for row in sample.rows:
            (one, one_error), (two, two_error) = value_of(row, x, quantities), value_of(row, y, quantities)
            if one is None or two is None:
                missing += 1
            else:
                points.append(Point(one, two, one_error or 0.0, two_error or 0.0, not row.good))
        if points:
            groups.append((sample.label, points))
    if not groups:
        raise NodeFailed(f"no analysis has both {x} and {y}")
    options = ScatterOptions(str(spec.options["title"]), label_of(x), label_of(y))
    base = str(spec.options["file"]) or NAMES[spec.klass]
    names = save_figure(state, spec, doing, draw(groups, options), base)
    faults = (f"{missing} analyses have no {x} or no {y}",) if missing else ()
    return Outcome(f"{'would write' if doing.dry else 'wrote'} {', '.join(names)}", faults=faults)
