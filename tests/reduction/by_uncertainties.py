"""The reduction once more, one analysis at a time on `uncertainties`, written from the equations: the oracle of the tests."""

from __future__ import annotations

import math
import warnings
from types import SimpleNamespace

import numpy as np
from uncertainties import ufloat, umath

from pychron.reduction.signals import MASSES, Discrimination


def variable(value, error):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ufloat(value, error)


class Oracle:
    """Reduces the analyses of a batch one by one; inputs with one id are one variable."""

    def __init__(self, batch, constants, options):
        self.batch, self.constants, self.options = batch, constants, options
        self.known = {}
        self.lam = self._one("lambda", batch.lambda_k or constants.lambda_total)

    def _one(self, key, measured):
        if key not in self.known:
            self.known[key] = variable(measured.value, measured.error)
        return self.known[key]

    def _input(self, kind, inputs, isotope, row):
        key = (kind, isotope, row)
        if inputs.ids is not None and inputs.ids[isotope, row] >= 0:
            key = (kind, "shared", int(inputs.ids[isotope, row]))
        if key not in self.known:
            self.known[key] = variable(float(inputs.value[isotope, row]), float(inputs.error[isotope, row]))
        return self.known[key]

    def _scalar(self, kind, scalars, row):
        key = (kind, row)
        if scalars.ids is not None and scalars.ids[row] >= 0:
            key = (kind, "shared", int(scalars.ids[row]))
        if key not in self.known:
            self.known[key] = variable(float(scalars.value[row]), float(scalars.error[row]))
        return self.known[key]

    def analysis(self, row):
        batch, constants, options = self.batch, self.constants, self.options
        signal = []
        for isotope in range(5):
            net = self._input("intercepts", batch.intercepts, isotope, row)
            for kind in ("baselines", "blanks", "backgrounds"):
                if getattr(batch, kind) is not None:
                    net = net - self._input(kind, getattr(batch, kind), isotope, row)
            if batch.discrimination is not None:
                d = self._scalar("discrimination", batch.discrimination, row)
                dm = MASSES[0] - MASSES[isotope]
                if batch.law is Discrimination.LINEAR:
                    net = net * (1 + d * dm)
                elif batch.law is Discrimination.POWER:
                    net = net * d**dm
                else:
                    net = net * umath.exp(d * math.log(MASSES[isotope] / MASSES[0]))
            if batch.ic_factors is not None:
                net = net * self._input("ic", batch.ic_factors, isotope, row)
            signal.append(net)
        if batch.abundance_sensitivity is not None:
            a = float(batch.abundance_sensitivity[row])
            s = signal
            signal = [
                s[0] - a * s[1],
                s[1] - a * (s[0] + s[2]),
                s[2] - a * (s[1] + s[3]),
                s[3] - a * (s[2] + s[4]),
                s[4] - a * s[3],
            ]
        at = lambda value: float(np.broadcast_to(value, (len(batch),))[row])  # noqa: E731
        a40, a39, a38, a37, a36 = signal
        a39, a37 = a39 * at(batch.decay39), a37 * at(batch.decay37)
        number = int(np.broadcast_to(batch.production, (len(batch),))[row])
        production = batch.productions[number]
        p = SimpleNamespace(
            **{
                name: self._one((name, number), getattr(production, name))
                for name in (
                    "k4039",
                    "k3839",
                    "k3739",
                    "ca3937",
                    "ca3837",
                    "ca3637",
                    "cl3638",
                    "ca_k",
                    "cl_k",
                )
            }
        )
        air = self._one("atm4036", constants.atm4036)
        trapped = air if options.trapped4036 is None else self._one("trapped", options.trapped4036)
        if options.fixed_kca is not None:
            x = 1 / (options.fixed_kca.value * p.ca_k.n)
            ca37 = a39 * x / (1 + x * p.ca3937)
            k39 = a39 - p.ca3937 * ca37
        else:
            k39 = (a39 - p.ca3937 * a37) / (1 - p.k3739 * p.ca3937)
            ca37 = a37 - p.k3739 * k39
            if options.clamp_ca37 and ca37.n <= 0:
                k39, ca37 = a39, a37 * 0
        ca36, ca38 = p.ca3637 * ca37, p.ca3837 * ca37
        k38, k40 = p.k3839 * k39, p.k4039 * k39
        if options.cosmogenic is None:
            m = p.cl3638 * constants.lambda_cl36 * at(batch.days)
            r38 = air / self._one("atm4038", constants.atm4038)
        else:
            m = 1 / self._one("cosmogenic", options.cosmogenic.cosmogenic)
            r38 = self._one("trapped38", options.cosmogenic.trapped)
        atm36 = (a36 - ca36 - m * (a38 - k38 - ca38)) / (1 - m * r38)
        second38 = a38 - r38 * atm36 - k38 - ca38
        rad40 = a40 - trapped * atm36 - k40
        f = rad40 / k39
        j = self._scalar("j", batch.j, row)
        return SimpleNamespace(
            f=f,
            age_wo_j=umath.log(1 + j.n * f) / self.lam.n / 1e6,
            age=umath.log(1 + j * f) / self.lam.n / 1e6,
            age_with_lambda=umath.log(1 + j * f) / self.lam / 1e6,
            k39=k39,
            rad40=rad40,
            atm36=atm36,
            kca=k39 / ca37 / p.ca_k if ca37.n else None,
            kcl=k39 / second38 / p.cl_k,
            moles=k39 * at(batch.sensitivity),
            x=k39 / (a40 - k40),
            y=atm36 / (a40 - k40),
            x_normal=k39 / atm36,
            y_normal=(a40 - k40) / atm36,
            **{"yield": 100 * rad40 / a40},
        )
