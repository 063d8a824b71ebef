"""Figures of ages and ratios that stand in a CSV file: of a paper, of another program, of another laboratory."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pychron.pipeline.ages.age_group import of_ages
from pychron.pipeline.ages.group_ages import GroupAge, no_age
from pychron.pipeline.nodes.drawings import file_name, save_figure
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.templates.template import NodeSpec
from pychron.reduction.isochron import Isochron, inverse_isochron
from pychron.reduction.plateau import plateau
from pychron.reduction.reduced import age_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AGES = ("age", "age_err")
STEPS = (*AGES, "k39")
RATIOS = ("39/40", "39/40_err", "36/40", "36/40_err")
ALONE = "Bars 1σ; mean {level}σ, of ages taken to share nothing."


@dataclass(frozen=True, slots=True)
class Line:
    """A row that has every number it needs."""

    group: str
    numbers: Mapping[str, float]


def check_source(spec: NodeSpec) -> Iterator[str]:
    """The file is named."""
    if not spec.options["source"]:
        yield f"source is empty; name the CSV file, or add --set {spec.klass}.source=FILE.csv"


def read_lines(
    path: Path, needed: Sequence[str], optional: Sequence[str] = ()
) -> tuple[list[Line], list[str]]:
    """The rows of a CSV file with a heading, by the column `group` where it has one; what is wrong with others, by line. Raises NodeFailed."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as failed:
        raise NodeFailed(f"{path} cannot be read: {failed}") from None
    reader = csv.DictReader(text.splitlines())
    names = {name.strip().casefold(): name for name in reader.fieldnames or () if name}
    missing = [name for name in needed if name not in names]
    if missing:
        raise NodeFailed(f"{path}:1: it has no column {', '.join(missing)}; it needs {', '.join(needed)}")
    lines, faults = [], []
    for row in reader:
        found: dict[str, float] = {}
        for name in (*needed, *(one for one in optional if one in names)):
            word = (row[names[name]] or "").strip()
            try:
                found[name] = float(word)
            except ValueError:
                found[name] = math.nan
            if name in needed and not math.isfinite(found[name]):
                faults.append(
                    f"{path}:{reader.line_num}: {name} is no number: {word or 'nothing'}; the row is left out"
                )
                break
            if name in needed and name.endswith("_err") and found[name] <= 0:
                faults.append(f"{path}:{reader.line_num}: {name} must be above zero; the row is left out")
                break
        else:
            group = (row[names["group"]] or "").strip() if "group" in names else ""
            lines.append(Line(group or path.stem, found))
    if not lines:
        raise NodeFailed(f"no row of {path} can be drawn" + (f": {faults[0]}" if faults else ""))
    return lines, faults


def ideogram(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """One figure, a curve for each group of the file."""
    from pychron.pipeline.figures.ideogram import IdeogramOptions, ideogram_of

    lines, faults = read_lines(Path(str(spec.options["source"])), AGES)
    groups = [
        of_ages(label, [one.numbers["age"] for one in some], [one.numbers["age_err"] for one in some])
        for label, some in _grouped(lines).items()
    ]
    title = groups[0].label if len(groups) == 1 else ""
    return _write(state, spec, doing, {"": ideogram_of(groups, title, IdeogramOptions(errors=ALONE))}, faults)


def spectrum(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """A spectrum of each group, its rows in the order of heating."""
    from pychron.pipeline.figures.spectrum import Step, draw_spectrum
    from pychron.pipeline.figures.style import new_figure, style

    lines, faults = read_lines(Path(str(spec.options["source"])), STEPS, ("kca", "kca_err"))
    figures = {}
    for label, some in _grouped(lines).items():
        ages, errors, gas = (np.array([one.numbers[name] for one in some]) for name in STEPS)
        found = plateau(ages, errors, gas)
        mean = found.mean
        age = (
            no_age(found.why, len(some))
            if found.why
            else GroupAge(mean.value, mean.error, mean.error, mean.n, mean.mswd, mean.probability)
        )
        steps = [
            Step(
                one.numbers["age"], one.numbers["age_err"], one.numbers["k39"], not age.why and place in found.steps,
                (_number(one, "kca"), _number(one, "kca_err")),
            )
            for place, one in enumerate(some)
        ]  # fmt: skip
        with style():
            figure = new_figure(5.0)
            draw_spectrum(figure, steps, label, age, _all_gas(ages, errors, gas))
        figures[label] = figure
    return _write(state, spec, doing, figures, faults)


def _all_gas(ages: np.ndarray, errors: np.ndarray, gas: np.ndarray) -> GroupAge:
    """sum(g t)/sum(g): the mean of the ages by their 39ArK, since a file of ages has no 40Ar* to add up."""
    if not gas.sum() > 0:
        return no_age("it has no 39Ar")
    share = gas / gas.sum()
    error = float(np.sqrt(((share * errors) ** 2).sum()))
    return GroupAge(float(share @ ages), error, error, len(ages))


def isochron(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """An inverse isochron of each group; an age where the node says J."""
    from pychron.pipeline.figures.isochron import IsochronOptions, Points, draw_isochron
    from pychron.pipeline.figures.style import new_figure, style

    lines, faults = read_lines(Path(str(spec.options["source"])), RATIOS, ("rho",))
    figures = {}
    for label, some in _grouped(lines).items():
        x, sx, y, sy = (np.array([one.numbers[name] for one in some]) for name in RATIOS)
        rho = np.array([_number(one, "rho") or 0.0 for one in some])
        found = inverse_isochron(x, sx, y, sy, rho)
        with style():
            figure = new_figure(4.2)
            points = Points(x, y, sx, sy, rho * sx * sy)
            age = _age(state, spec, found)
            draw_isochron(
                figure, points, found, age, label, IsochronOptions(constants=state.arithmetic.constants.name)
            )
        figures[label] = figure
    return _write(state, spec, doing, figures, faults)


def _age(state: State, spec: NodeSpec, found: Isochron) -> GroupAge:
    j, j_error = float(spec.options["j"]), float(spec.options["j_err"])  # type: ignore[arg-type]
    if found.why:
        return no_age(found.why)
    if not j > 0:
        return no_age(f"F {found.f:.5g} ± {2 * found.f_error:.2g}, no J was said")
    age, by_f, by_j, _ = age_of(found.f, j, state.arithmetic.constants.lambda_total.value)
    without = abs(float(by_f) * found.f_error)
    return GroupAge(float(age), math.hypot(without, float(by_j) * j_error), without, found.line.n)


def _number(one: Line, name: str) -> float | None:
    value = one.numbers.get(name, math.nan)
    return value if math.isfinite(value) else None


def _grouped(lines: Sequence[Line]) -> dict[str, list[Line]]:
    groups: dict[str, list[Line]] = {}
    for one in lines:
        groups.setdefault(one.group, []).append(one)
    return groups


def _write(
    state: State, spec: NodeSpec, doing: Doing, figures: Mapping[str, Figure], faults: Sequence[str]
) -> Outcome:
    base = str(spec.options["file"]) or file_name(Path(str(spec.options["source"])).stem)
    names: list[str] = []
    for label, figure in figures.items():
        names += save_figure(state, spec, doing, figure, f"{base}-{label}" if label else base)
    return Outcome(f"{'would write' if doing.dry else 'wrote'} {', '.join(names)}", faults=tuple(faults))
