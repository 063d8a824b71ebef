"""An age down to where it came from: commits, files, constants, code, each correction, and what makes its error."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pychron.dvc.errors import DvcError
from pychron.dvc.metadata import MetaData
from pychron.dvc.times import text as time_text
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.results import Quantities, as_object, results
from pychron.pipeline.batch import Row
from pychron.pipeline.running.workspace import Loaded
from pychron.reduction.inputs import ARGON

DISTRIBUTION = "pychron-twisted"


def code() -> dict[str, str]:
    """The versions that take part in a number."""
    found = {"python": platform.python_version()}
    for name in (DISTRIBUTION, "numpy", "scipy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def constants(arithmetic: Arithmetic, row: Row | None = None) -> dict[str, Any]:
    """The set with its source, and the decay constant that this row's age was computed with."""
    one = arithmetic.constants
    lam = row.reduced.lambda_k if row is not None else one.lambda_total
    return {
        "name": arithmetic.name,
        "source": one.source,
        "lambda_k_per_year": [lam.value, lam.error],
        "lambda_k_from": "J" if lam.value != one.lambda_total.value else one.name,
        "lambda_ar39_per_day": one.lambda_ar39,
        "lambda_ar37_per_day": one.lambda_ar37,
        "lambda_cl36_per_day": one.lambda_cl36,
        "atm4036": [one.atm4036.value, one.atm4036.error],
        "atm4038": [one.atm4038.value, one.atm4038.error],
        "decay_counted_from": "end of each segment" if arithmetic.from_end else "start of each segment",
    }


def files(loaded: Loaded, meta: MetaData | None) -> list[dict[str, str]]:
    """Every file that took part, with the commit that last changed it; no commit in a plain folder."""
    tree = loaded.repository.tree
    analysis = loaded.analysis
    held = loaded.repository.frozen.files(analysis.irradiation, analysis.level)
    paths = {**analysis.files, **held}
    commits = tree.commits(paths.values())
    found = [
        {"what": what, "repository": tree.name, "path": path, "commit": commits.get(path, "")}
        for what, path in paths.items()
    ]
    if meta is not None:
        named = meta_paths(loaded, meta)
        commits = meta.tree.commits(named.values())
        found += [
            {"what": what, "repository": meta.tree.name, "path": path, "commit": commits.get(path, "")}
            for what, path in named.items()
        ]
    return found


def meta_paths(loaded: Loaded, meta: MetaData) -> dict[str, str]:
    """The files of the metadata that take part in an age, of those that are there."""
    irradiation, level = loaded.analysis.irradiation, loaded.analysis.level
    named = {
        "chronology": f"{irradiation}/chronology.txt",
        "level": f"{irradiation}/{level}.json",
        "productions": f"{irradiation}/productions.json",
    }
    if loaded_production := _production(loaded, meta):
        named["production ratios"] = loaded_production
    return {what: path for what, path in named.items() if meta.tree.read(path) is not None}


def _production(loaded: Loaded, meta: MetaData) -> str:
    """The file of the ratios that the level names: the irradiation's own, else the laboratory's."""
    analysis = loaded.analysis
    try:
        name = meta.productions(analysis.irradiation, analysis.level).name
    except DvcError:
        return ""
    own = f"{analysis.irradiation}/productions/{name}.json"
    return own if meta.tree.read(own) is not None else f"productions/{name}.json"


def budget(row: Row) -> list[dict[str, Any]]:
    """Where the variance of the age comes from, largest part first; lambda is told and not in the error of the age."""
    parts = {}
    for name, variance in row.reduced.components("age").items():
        value = row.number(variance)
        if value is not None and value > 0:
            parts[name] = value
    total = sum(value for name, value in parts.items() if name != "lambda")
    return [
        {
            "source": name,
            "error_ma": math.sqrt(value),
            "percent": 100 * value / total if total and name != "lambda" else None,
        }
        for name, value in sorted(parts.items(), key=lambda item: -item[1])
    ]


def explain(loaded: Loaded, row: Row, meta: MetaData | None, arithmetic: Arithmetic) -> dict[str, Any]:
    """All of it, for JSON and for `pychron explain`."""
    analysis, reduced = row.analysis, row.reduced
    quantities = Quantities()
    parts = reduced.parts
    batch = reduced.batch
    (result,) = results([loaded], [row], arithmetic)
    position = row.irradiated.position
    return {
        **as_object(result),
        "measured": time_text(analysis.time) if math.isfinite(analysis.time) else "",
        "mass_spectrometer": analysis.mass_spectrometer,
        "irradiation": f"{analysis.irradiation} {analysis.level} {analysis.position}".strip(),
        "age_err_with_lambda": row.number(reduced.age_err_with_lambda),
        "isotopes": [_isotope(row, line, name) for line, name in enumerate(ARGON)],
        "decay39": row.number(_column(batch.decay39, len(batch))),
        "decay37": row.number(_column(batch.decay37, len(batch))),
        "parts": {
            name: row.number(getattr(parts, name))
            for name in ("k39", "ca37", "atm36", "second38", "k40", "rad40")
        },
        "quantities": {name: list(quantities.of(row, name)) for name in ("f", "kca", "kcl", "yield")},
        "j": None
        if row.irradiated.j is None
        else {
            "value": row.irradiated.j.value,
            "error": row.irradiated.j.error,
            "hole": position.hole if position is not None else None,
            "model": str(position.options.get("model_kind", "")) if position is not None else "",
            "monitor_age_ma": position.monitor_age_ma if position is not None else None,
        },
        "productions": None
        if row.irradiated.productions is None
        else {"name": row.irradiated.productions.name},
        "error_budget": budget(row),
        "constants_set": constants(arithmetic, row),
        "files": files(loaded, meta),
        "meta_revision": meta.tree.revision if meta is not None else "",
        "meta_commit_at_measurement": analysis.meta_commit,
        "code": code(),
    }


def _column(values: Any, n: int) -> Any:
    import numpy as np

    return np.broadcast_to(np.asarray(values, float), (n,))


def _isotope(row: Row, line: int, name: str) -> Mapping[str, Any]:
    analysis, batch = row.analysis, row.reduced.batch
    isotope = analysis.argon(name)
    if isotope is None:
        return {"isotope": name, "missing": True}

    def both(inputs: Any) -> list[float | None]:
        if inputs is None:
            return [None, None]
        return [row.number(inputs.value[line]), row.number(inputs.error[line])]

    references = isotope.blank.references if isotope.blank is not None else ()
    return {
        "isotope": name,
        "detector": isotope.detector,
        "fit": isotope.intercept.fit if isotope.intercept is not None else "",
        "intercept": both(batch.intercepts),
        "baseline": both(batch.baselines),
        "blank": both(batch.blanks),
        "blank_fit": isotope.blank.fit if isotope.blank is not None else "",
        "blank_references": [
            {"record_id": r.record_id, "uuid": r.uuid} for r in references if r.exclude == "ok"
        ],
        "ic_factor": both(batch.ic_factors),
        "corrected": row.number(row.reduced.corrected.signals[line]),
    }
