"""A small laboratory for runs: unknowns between blanks of their own and of another type, airs, and a J."""

import math
from datetime import datetime

from tests.dvc.making import ARGON, CHRONOLOGY, DETECTORS, SIZES, Files, an_identity, analysis, metadata

BLANKS = (0.010, 0.020, 0.014)
"""Of each blank, relative to SIZES, at 4:00, 5:00 and 6:00."""
UNKNOWNS = (4.25, 4.5, 5.75)
"""Hours"""
AIR = {"Ar40": 900.0, "Ar36": 3.0}


def stamp(hour):
    return f"2025-02-03T{int(hour):02d}:{round(hour % 1 * 60):02d}:00"


def lab():
    """Files of a repository."""
    files = Files()
    for number, hour in enumerate(UNKNOWNS):
        files.update(analysis(number, identifier="70001", aliquot=number + 1, timestamp=stamp(hour)))
    for number, size in enumerate(BLANKS):
        files.update(blank(20 + number, "blank_unknown", 4.0 + number, size, number + 1))
        files.update(blank(30 + number, "blank_air", 4.2 + number, 0.9, number + 1))
    for number in range(2):
        files.update(air(40 + number, 4.4 + number, number + 1))
    return files


def blank(seed, kind, hour, size, aliquot):
    """Its intercepts are `size` of SIZES, with errors of a tenth of that; baselines 0.001 +- 0.0001."""
    files = analysis(
        seed, identifier=f"{kind}-1", aliquot=aliquot, analysis_type=kind, timestamp=stamp(hour), irradiation="NoIrradiation"
    )  # fmt: skip
    put(files, {name: (size * SIZES[name], 0.1 * size * SIZES[name]) for name in ARGON})
    return Files({path: document for path, document in files.items() if "/blanks/" not in path})


def air(seed, hour, aliquot):
    """40Ar/36Ar of 300 before its IC factor."""
    files = analysis(
        seed, identifier="a-1", aliquot=aliquot, analysis_type="air", timestamp=stamp(hour), irradiation="NoIrradiation"
    )  # fmt: skip
    put(files, {name: (value + 0.001, 1e-3 * value) for name, value in AIR.items()})
    path = next(p for p in files if "/blanks/" in p)
    for one in files[path].values():
        one["value"], one["error"] = 0.0, 0.0
    return files


def put(files, intercepts):
    """Intercepts by isotope, and baselines of 0.001 +- 0.0001."""
    for path, document in files.items():
        if path.endswith(".inte.json"):
            for name, (value, error) in intercepts.items():
                document[name].update(value=value, error=error)
        if path.endswith(".base.json"):
            for one in document.values():
                one.update(value=0.001, error=0.0001)


def uuid_of(seed):
    return an_identity(seed)


def blank_at(hour, name):
    """What interpolation between the two blanks around `hour` gives, by hand."""
    early = int(hour) - 4
    f = hour - int(hour)

    def net(number):
        value = BLANKS[number] * SIZES[name]
        return value - 0.001, math.hypot(0.1 * value, 0.0001)

    (p, ep), (a, ea) = net(early), net(early + 1)
    return (1 - f) * p + f * a, math.hypot((1 - f) * ep, f * ea)


def decay_factor(hour, per_day):
    """Of several segments, from the start of each (McDougall & Harrison 1999, 3.22)."""
    when = datetime.fromisoformat(stamp(hour))
    gas = left = 0.0
    for line in CHRONOLOGY.strip().splitlines():
        power, start, end = line.split(",")
        start, end = datetime.fromisoformat(start), datetime.fromisoformat(end)
        t, d = (end - start).total_seconds() / 86_400, (when - start).total_seconds() / 86_400
        gas += float(power) * t
        left += float(power) * (1 - math.exp(-per_day * t)) / (per_day * math.exp(per_day * d))
    return gas / left


def written(folder, files=None):
    """The laboratory in a folder: MetaData and NM-1."""
    (files or lab()).write(folder / "NM-1")
    metadata().write(folder / "MetaData")
    return folder


__all__ = [
    "AIR",
    "ARGON",
    "BLANKS",
    "DETECTORS",
    "UNKNOWNS",
    "blank_at",
    "decay_factor",
    "lab",
    "stamp",
    "uuid_of",
    "written",
]
