"""How the ages of a table were made: constants, monitors, irradiations, production ratios, code and commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pychron.dvc.times import text as time_text
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.samples import Sample
from pychron.pipeline.batch import Row
from pychron.pipeline.explain import code
from pychron.pipeline.tables.columns import Cell, Column
from pychron.reduction.inputs import Measured, Productions

METADATA = (Column("What"), Column("Value", "General"), Column("± 1σ", "General"), Column("Source"))


def metadata(
    samples: Sequence[Sample], arithmetic: Arithmetic, commits: Iterable[tuple[str, str]]
) -> list[list[Cell]]:
    """Rows of METADATA. `commits`: repository and the commit that was read (empty for a plain folder)."""
    constants = arithmetic.constants
    rows = [row for sample in samples for row in sample.rows]
    found: list[list[Cell]] = [
        ["Errors", "1σ", None, ""],
        ["Constants", arithmetic.name, None, constants.source],
    ]
    lambdas = dict.fromkeys(row.reduced.lambda_k for row in rows)
    found += [
        _measured("λ 40K (1/a)", one, "of J" if arithmetic.follow_j else constants.source) for one in lambdas
    ]
    found += [
        ["λ 39Ar (1/d)", constants.lambda_ar39, None, ""],
        ["λ 37Ar (1/d)", constants.lambda_ar37, None, ""],
        ["λ 36Cl (1/d)", constants.lambda_cl36, None, ""],
        _measured("40Ar/36Ar of air", constants.atm4036, constants.source),
        _measured("40Ar/38Ar of air", constants.atm4038, constants.source),
        [
            "Decay counted from",
            "end of each segment" if arithmetic.from_end else "start of each segment",
            None,
            "",
        ],
        [
            "Signals",
            "fA, less baseline and blank, with IC factors, 39Ar and 37Ar corrected for decay",
            None,
            "",
        ],
        ["Mass spectrometer", _joined(row.analysis.mass_spectrometer for row in rows), None, ""],
        ["Extraction", _joined(row.analysis.extraction.device for row in rows), None, ""],
    ]
    for one in dict.fromkeys(row.analysis.cosmogenic for row in rows if row.analysis.cosmogenic is not None):
        source = "in place of 38Ar and 36Ar of chlorine"
        found.append(_measured("38Ar/36Ar of cosmogenic argon", one.cosmogenic, source))
        found.append(_measured("38Ar/36Ar of trapped argon", one.trapped, source))
    found += _irradiations(rows)
    found += [["Repository", name, None, commit] for name, commit in commits]
    found += [["Code", name, None, version] for name, version in code().items()]
    return found


def _irradiations(rows: Sequence[Row]) -> list[list[Cell]]:
    found: list[list[Cell]] = []
    seen: dict[object, None] = {}
    for row in rows:
        one, analysis = row.irradiated, row.analysis
        if one.chronology is not None and analysis.irradiation not in seen:
            seen[analysis.irradiation] = None
            for segment in one.chronology.segments:
                when = f"{time_text(segment.start)} to {time_text(segment.end)}"
                found.append([f"Irradiation {analysis.irradiation}", when, None, f"power {segment.power:g}"])
        if one.productions is not None and one.productions not in seen:
            seen[one.productions] = None
            found += _productions(one.productions, f"{analysis.irradiation} {analysis.level}")
        position = one.position
        age = None if position is None else position.monitor_age_ma
        if position is not None and age is not None and age not in seen:
            seen[age] = None
            name = str(position.options.get("monitor_name") or "monitor")
            source = str(position.options.get("monitor_reference") or "")
            found.append([f"Monitor {name} (Ma)", age, None, source])
    return found


def _productions(one: Productions, where: str) -> list[list[Cell]]:
    names = {
        "(40/39)K": one.k4039, "(38/39)K": one.k3839, "(37/39)K": one.k3739, "(39/37)Ca": one.ca3937,
        "(38/37)Ca": one.ca3837, "(36/37)Ca": one.ca3637, "(36/38)Cl": one.cl3638, "Ca/K": one.ca_k, "Cl/K": one.cl_k,
    }  # fmt: skip
    return [_measured(f"{name} {where}", value, one.name) for name, value in names.items()]


def _measured(what: str, value: Measured, source: str) -> list[Cell]:
    return [what, value.value, value.error, source]


def _joined(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, words)))
