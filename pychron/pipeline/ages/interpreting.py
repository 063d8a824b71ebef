"""A group of analyses as an interpreted age: all four ages, the preferred one, and the numbers of every analysis (spec 1.3)."""

from __future__ import annotations

import math
import uuid as uuids
from typing import Any

from pychron.dvc.committing import as_bytes
from pychron.dvc.records import Isotope
from pychron.dvc.times import text as time_text
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.group_ages import GroupAge, integrated_age, isochron_age, plateau_age, weighted_age
from pychron.pipeline.ages.results import Quantities
from pychron.pipeline.ages.samples import Sample
from pychron.pipeline.batch import Row
from pychron.pipeline.explain import code, constants
from pychron.pipeline.fitting.applied import net
from pychron.reduction.inputs import ARGON
from pychron.reduction.reduced import spread

KINDS = ("weighted_age", "plateau_age", "isochron_age", "integrated_age")
SPACE = uuids.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
"""Of names that are paths of the object (RFC 9562, 6.6)."""


class NoSuchAge(Exception):
    """The preferred age of a group does not exist. `text` says why."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def interpret(sample: Sample, preferred: str, arithmetic: Arithmetic, date: str) -> dict[str, Any]:
    """The document. Its uuid follows from all but the date: the same numbers are the same interpreted age. Raises NoSuchAge."""
    good = sample.good
    plateau = plateau_age(good)
    ages: dict[str, GroupAge] = {
        "weighted_age": weighted_age(good),
        "plateau_age": plateau.age,
        "isochron_age": isochron_age(good).age,
        "integrated_age": integrated_age(good),
    }
    chosen = ages[preferred]
    if chosen.why:
        raise NoSuchAge(chosen.why)
    steps = [row.analysis.uuid for row in plateau.rows] if not plateau.age.why else []
    quantities = Quantities()
    first = sample.rows[0].analysis
    document = {
        "name": sample.label,
        "analyses": [_analysis(row, row.analysis.uuid in steps, quantities) for row in sample.rows],
        "sample_metadata": {
            "sample": first.sample,
            "material": first.material,
            "project": first.project,
            "identifier": first.identifier,
            "irradiation": first.irradiation,
            "irradiation_level": first.level,
            "irradiation_position": first.position,
        },
        "preferred": {
            "nanalyses": chosen.n,
            "age": chosen.age_ma,
            "age_err": chosen.error,
            "age_err_wo_j": chosen.error_wo_j,
            "mswd": _finite(chosen.mswd),
            "mswd_probability": _finite(chosen.probability),
            "display_age_units": "Ma",
            "preferred_kinds": [
                {
                    "attr": "age",
                    "kind": preferred,
                    "error_kind": "SEM",
                    "value": chosen.age_ma,
                    "error": chosen.error,
                    "weighting": "Variance",
                }
            ],
            "arar_constants": constants(arithmetic, good[0]),
            "ages": {
                key: value
                for name, age in ages.items()
                for key, value in ((name, _finite(age.age_ma)), (f"{name}_err", _finite(age.error)))
            },
            "include_j_error_in_mean": True,
            "include_j_error_in_individual_analyses": False,
            "include_j_position_error": False,
        },
        "collection_metadata": {"instrument": first.mass_spectrometer, "technique": first.extraction.device},
        "data_reduction_software": code(),
    }
    return {
        **document,
        "uuid": str(uuids.uuid5(SPACE, as_bytes(document).decode())),
        "session_metadata": {"date": date},
    }


def _analysis(row: Row, in_plateau: bool, quantities: Quantities) -> dict[str, Any]:
    analysis = row.analysis
    age, error = quantities.of(row, "age") if row.good else (None, None)
    found: dict[str, Any] = {
        "uuid": analysis.uuid,
        "record_id": analysis.record_id,
        "rundate": time_text(analysis.time) if math.isfinite(analysis.time) else "",
        "extract_value": analysis.extraction.value,
        "age": age,
        "age_err": error,
        "age_err_wo_j": row.number(row.reduced.age_err_wo_j) if row.good else None,
        "age_units": "Ma",
        "tag": analysis.tag if row.good or analysis.tag != "ok" else "omit",
        "plateau_step": in_plateau,
    }
    for key, name in (("radiogenic_yield", "yield"), ("kca", "kca"), ("kcl", "kcl")):
        found[key], found[f"{key}_err"] = quantities.of(row, name)
    isotopes = {name: one for name in ARGON if (one := analysis.argon(name)) is not None}
    found["baseline_corrected_intercepts"] = {name: _net(one, False) for name, one in isotopes.items()}
    found["blanks"] = {
        name: {"value": one.blank.value, "error": one.blank.error}
        for name, one in isotopes.items()
        if one.blank is not None
    }
    found["icfactors"] = {
        one.detector: {"value": one.ic_factor.value, "error": one.ic_factor.error}
        for one in isotopes.values()
        if one.ic_factor is not None
    }
    found["ic_corrected_values"] = {name: _with_factor(one) for name, one in isotopes.items()}
    found["interference_corrected_values"] = _without_interferences(row, quantities)
    return found


def _net(isotope: Isotope, blank: bool) -> dict[str, float | None]:
    value = net(isotope, blank=blank)
    return {"value": None, "error": None} if value is None else {"value": value.value, "error": value.error}


def _with_factor(isotope: Isotope) -> dict[str, float | None]:
    value, factor = net(isotope, blank=True), isotope.ic_factor
    if value is None or factor is None:
        return {"value": None, "error": None}
    error = math.hypot(value.error * factor.value, value.value * factor.error)
    return {"value": value.value * factor.value, "error": error}


def _without_interferences(row: Row, quantities: Quantities) -> dict[str, dict[str, float | None]]:
    """40Ar without that of potassium, 39Ar of potassium, 37Ar of calcium, trapped 36Ar; decay corrected."""
    found = {}
    for name, quantity in (("Ar39", "k39"), ("Ar37", "ca37"), ("Ar36", "atm36")):
        value, error = quantities.of(row, quantity)
        found[name] = {"value": value, "error": error}
    reduced = row.reduced
    parts, w = reduced.parts, reduced.ratios.values["w"]
    slopes = {key: -w * slope for key, slope in parts.of_k39.items()}
    slopes["A40"] = slopes.get("A40", 0.0) + 1.0
    slopes["w"] = -parts.k39
    variance = row.number(spread(reduced.batch, reduced.corrected, reduced.ratios, slopes))
    value = row.number(reduced.corrected.signals[0] - parts.k40)
    found["Ar40"] = {
        "value": value,
        "error": None if variance is None or variance < 0 else math.sqrt(variance),
    }
    return found


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
