"""The result of a reduction: ages and what else follows, each with its error, and what errors analyses share. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pychron.reduction.batch import Batch, Inputs, Scalars
from pychron.reduction.constants import Constants
from pychron.reduction.corrections import (
    Corrected,
    back,
    input_variance,
    shared,
    spread_of,
    table_of,
)
from pychron.reduction.inputs import PRODUCED, Measured
from pychron.reduction.interferences import SIGNALS, Gradient, Parts
from pychron.reduction.options import Options
from pychron.reduction.quantities import quantity
from pychron.reduction.ratios import Ratios

Floats = npt.NDArray[np.float64]
Rows = Sequence[int] | npt.NDArray[np.intp]

MA = 1e6


def age_of(f: Any, j: Any, lam: float, monitor_age_ma: float | None = None) -> tuple[Any, Any, Any, Any]:
    """Age (Ma) of F with J, and its derivatives by F, J and lambda (per year).

    t = ln(1 + J F) / lambda. With `monitor_age_ma` J is a function of lambda too, J = (exp(lambda tm) - 1) / Fm.
    """
    per = 1 / (lam * MA)
    produced = j * f
    age = np.log1p(produced) * per
    stretch = per / (1 + produced)
    by_j = f * stretch
    by_lambda = -age / lam
    if monitor_age_ma is not None:
        years = monitor_age_ma * MA
        by_lambda = by_lambda - by_j * j * years / np.expm1(-lam * years)
    return age, j * stretch, by_j, by_lambda


def spread(batch: Batch, corrected: Corrected, ratios: Ratios, slope: Gradient) -> Floats:
    """(N,) variance of a result with derivative `slope` by signals and ratios: each input counts once."""
    return np.asarray(variance_of(batch, corrected, ratios, slope)).reshape(-1)


def variance_of(
    batch: Batch, corrected: Corrected, ratios: Ratios, slope: Gradient, plain: bool = False
) -> Any:
    """The same as numbers where everything is `plain`."""
    variance = input_variance(batch, corrected, back(corrected, _by_signal(slope)), plain)
    by_source = ratios.by_source(slope)
    for name, error in ratios.errors.items():
        if name in by_source:
            reach = by_source[name] * error
            variance = variance + reach * reach
    return variance


def _by_signal(slope: Gradient) -> list[Any]:
    return [slope.get(name, 0.0) for name in SIGNALS]


@dataclass(slots=True)
class Reduced:
    """N analyses reduced; arrays of (N,), errors one sigma."""

    batch: Batch
    constants: Constants
    options: Options
    corrected: Corrected
    parts: Parts
    ratios: Ratios
    lambda_k: Measured
    f: Floats
    f_error: Floats
    age_ma: Floats
    age_err_wo_j: Floats
    age_err: Floats
    """With the error of J."""
    age_err_with_lambda: Floats
    by_f: Floats
    by_j: Floats
    by_lambda: Floats
    flags: npt.NDArray[np.int64]
    """`Flag`; zero for an analysis that may go into a mean."""

    def value(self, name: str) -> Floats:
        """One of QUANTITIES, or "f"."""
        return self._quantity(name)[0]

    def error(self, name: str) -> Floats:
        """Its error from everything but J and lambda."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.sqrt(spread(self.batch, self.corrected, self.ratios, self._quantity(name)[1]))

    def covariance(self, rows: Rows, name: str = "f", other: str = "") -> Floats:
        """(n, n) covariance of a quantity of the analyses `rows`, or of it with `other`.

        Inputs with one id, productions, air and trapped ratios count as the one variable that they are. For "age": in Ma², with J by
        its ids, without lambda, which moves all ages together (see `age_err_with_lambda`).
        """
        index = np.asarray(rows, int)
        total = np.zeros((len(index), len(index)))
        for _, one, two in self._columns(index, name, other or name):
            total += one @ two.T
        return total

    def covariance_of(self, rows: Rows, slope: Gradient) -> Floats:
        """(n, n) covariance of any result of the analyses `rows`, by its derivatives (numbers or (N,)) by signals and ratios.

        The derivative by R, air's 38/36, is only heard where one by m stands beside it (see ratios.py).
        """
        index = np.asarray(rows, int)
        total = np.zeros((len(index), len(index)))
        one = slope, np.ones(len(self.batch))
        for _, table, _ in self._tables(index, one, one):
            total += table @ table.T
        return total

    def components(self, name: str = "age") -> dict[str, Floats]:
        """(N,) variance of a quantity by kind of input, so that a person sees where an error comes from."""
        slope, scale = self._slope(name)
        found: dict[str, Floats] = {}
        for kind, inputs, one in self._shared(slope):
            found[kind] = scale**2 * spread_of(inputs, one)
        by_source = self.ratios.by_source(slope)
        for source, error in self.ratios.errors.items():
            if source in by_source:
                found[source] = np.broadcast_to((scale * by_source[source] * error) ** 2, scale.shape)
        if name == "age":
            if self.batch.j is not None:
                found["j"] = (self.by_j * self.batch.j.error) ** 2
            found["lambda"] = (self.by_lambda * self.lambda_k.error) ** 2
        return found

    def _quantity(self, name: str) -> tuple[Floats, Gradient]:
        if name == "f":
            return self.f, self.parts.of_f
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return quantity(name, self.parts, self.corrected.signals, self.ratios, self.batch)

    def _slope(self, name: str) -> tuple[Gradient, Floats]:
        if name == "age":
            return self.parts.of_f, self.by_f
        return self._quantity(name)[1], np.ones(len(self.batch))

    def _columns(
        self, rows: npt.NDArray[np.int64], name: str, other: str
    ) -> list[tuple[str, Floats, Floats]]:
        """For each kind of input, tables (n, variables) of derivative x error of both quantities."""
        found = self._tables(rows, self._slope(name), self._slope(other))
        if name == other == "age" and self.batch.j is not None:
            table = _table(self.by_j * self.batch.j.error, self.batch.j.ids, rows)
            found.append(("j", table, table))
        return found

    def _tables(
        self, rows: npt.NDArray[np.int64], by_one: tuple[Gradient, Floats], by_two: tuple[Gradient, Floats]
    ) -> list[tuple[str, Floats, Floats]]:
        (slope, scale), (slope2, scale2) = by_one, by_two
        many = len(self.batch)
        found: list[tuple[str, Floats, Floats]] = []
        for (kind, inputs, first), (_, _, second) in zip(
            self._shared(slope), self._shared(slope2), strict=True
        ):
            ids = inputs.ids
            found.append(
                (
                    kind,
                    _table(first * inputs.error * scale, ids, rows),
                    _table(second * inputs.error * scale2, ids, rows),
                )
            )
        sources, sources2 = self.ratios.by_source(slope), self.ratios.by_source(slope2)
        production = np.broadcast_to(np.asarray(self.batch.production), (many,))
        for name, error in self.ratios.errors.items():
            if name in sources and name in sources2:
                ids = production if name in PRODUCED else np.zeros(many, np.int64)
                found.append(
                    (
                        name,
                        _table(sources[name] * error * scale, ids, rows),
                        _table(sources2[name] * error * scale2, ids, rows),
                    )
                )
        return found

    def _shared(self, slope: Gradient) -> list[tuple[str, Inputs | Scalars, Floats]]:
        """Every kind of input of the signals, and the derivative by it as a table of the input's shape."""
        by, many = back(self.corrected, _by_signal(slope)), len(self.batch)
        return [
            (kind, inputs, table_of(one, many) if isinstance(inputs, Inputs) else np.asarray(one))
            for kind, inputs, one in shared(self.batch, by)
        ]


def _table(reach: Floats, ids: npt.NDArray[np.int64] | None, rows: npt.NDArray[np.int64]) -> Floats:
    """(n, variables): what each analysis of `rows` has of each variable, from (N,) or (5, N) and the ids of the same shape."""
    reach = np.atleast_2d(reach)[:, rows]
    kinds, many = reach.shape
    own = np.arange(kinds * many).reshape(kinds, many)
    if ids is None:
        column = own
    else:
        chosen = np.atleast_2d(ids)[:, rows]
        column = np.where(chosen >= 0, chosen + own.size, own)
    names, position = np.unique(column, return_inverse=True)
    table = np.zeros((many, len(names)))
    np.add.at(table, (np.broadcast_to(np.arange(many), column.shape), position.reshape(column.shape)), reach)
    return table
