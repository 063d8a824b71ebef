"""Write a repository of a sample that never was: one aliquot heated in twelve steps with excess argon in the first three, and ten grains.

    python examples/a_synthetic_sample.py DIR
    pychron plateau --meta DIR/MetaData --repo DIR/Synthetic
    pychron figure spectrum --meta DIR/MetaData --repo DIR/Synthetic --identifier 66001 --out spectrum.svg

Its true age is 28.20 Ma (Min et al. 2000). The gas is made backwards from the equations and noise is added, so that what the reduction says can
be held against what was put in. The same seed gives the same files.
"""

from __future__ import annotations

import json
import math
import random
import sys
import uuid
from pathlib import Path
from typing import Any

AGE_MA, J, LAMBDA = 28.20, 2.8e-4, 5.463e-10
F = math.expm1(LAMBDA * AGE_MA * 1e6) / J
AIR = 295.5
ARGON = ("Ar40", "Ar39", "Ar38", "Ar37", "Ar36")
DETECTORS = dict(zip(ARGON, ("H1", "AX", "L1", "L2", "CDD"), strict=True))
BLANK = dict(zip(ARGON, (4.0, 0.05, 0.02, 0.03, 0.013), strict=True))
RATIOS = {
    "K4039": [0.007614, 1.05e-4], "K3839": [0.013, 2e-4], "K3739": [0.0, 0.0], "Ca3937": [6.6e-4, 1e-5],
    "Ca3837": [4e-5, 2e-6], "Ca3637": [2.64e-4, 1e-6], "Cl3638": [250.0, 3.0], "Ca_K": [1.96, 0.02], "Cl_K": [0.227, 0.01],
}  # fmt: skip
HOURS, DAYS = 6.0, 53.0
"""In the reactor, and from its start to the analyses."""
_L37, _T = 0.01975, HOURS / 24
LEFT37 = (1 - math.exp(-_L37 * _T)) / (_L37 * _T) * math.exp(-_L37 * DAYS)
"""The share of 37Ar that is left by then."""


def gas(potassium: float, calcium: float, radiogenic: float, trapped: float) -> dict[str, float]:
    """Signals in fA of 39ArK, 37Ar/39Ar, the share of 40Ar* if all trapped argon were air, and the trapped 40Ar/36Ar."""
    ca37 = potassium * calcium
    atm36 = F * potassium * (1 / radiogenic - 1) / AIR
    return {
        "Ar40": F * potassium + trapped * atm36 + RATIOS["K4039"][0] * potassium,
        "Ar39": potassium + RATIOS["Ca3937"][0] * ca37,
        "Ar38": RATIOS["K3839"][0] * potassium + RATIOS["Ca3837"][0] * ca37 + AIR / 1575 * atm36,
        "Ar37": ca37 * LEFT37,
        "Ar36": atm36 + RATIOS["Ca3637"][0] * ca37,
    }


def analysis(dice: random.Random, run: dict[str, Any], signals: dict[str, float]) -> dict[str, Any]:
    """The files of one analysis, by their path in the repository."""
    identity = str(uuid.UUID(int=dice.getrandbits(128), version=4))
    folder, rest = identity[:2], identity[2:]
    intercepts = {}
    for name in ARGON:
        error = signals[name] * (8e-4 if name != "Ar36" else 4e-3) + 0.003
        fit = {"fit": "Linear", "error_type": "SEM", "include_baseline_error": True, "n": 100, "fn": 100}
        intercepts[name] = {"value": dice.gauss(signals[name] + BLANK[name], error), "error": error, **fit}
    main = {
        "uuid": identity, "analysis_type": "unknown", "mass_spectrometer": "synthetic", "sample": "Never-1",
        "material": "sanidine", "project": "synthetic", "irradiation": "SYN-001", "irradiation_level": "A",
        "isotopes": {n: {"name": n, "detector": DETECTORS[n], "units": "fA"} for n in ARGON},
        "detectors": {d: {"deflection": 0, "gain": 1.0} for d in DETECTORS.values()},
        "arar_mapping": {n: n for n in ARGON}, **run,
    }  # fmt: skip
    baseline = {"value": 0.0, "error": 5e-4, "fit": "Average", "error_type": "SEM", "n": 100, "fn": 100}
    reference = {"record_id": "bu-01-S-1", "uuid": str(uuid.UUID(int=1)), "exclude": False}
    blanks = {
        n: {"value": BLANK[n], "error": BLANK[n] * 0.03, "fit": "previous", "references": [reference]}
        for n in ARGON
    }
    factor = {"value": 1.0, "error": 5e-4, "fit": "default", "references": []}
    return {
        f"{folder}/{rest}.json": main,
        f"{folder}/intercepts/{rest}.inte.json": intercepts,
        f"{folder}/baselines/{rest}.base.json": dict.fromkeys(DETECTORS.values(), baseline),
        f"{folder}/blanks/{rest}.blan.json": blanks,
        f"{folder}/icfactors/{rest}.icfa.json": dict.fromkeys(DETECTORS.values(), factor),
        f"{folder}/extraction/{rest}.extr.json": {
            "extract_value": 1.0,
            "extract_units": "W",
            "extract_device": "CO2",
        },
    }


def repository(seed: int = 4) -> dict[str, Any]:
    """Both samples."""
    dice = random.Random(seed)
    files: dict[str, Any] = {}
    for step in range(12):
        excess = step < 3
        signals = gas(
            dice.uniform(25, 90) * (0.4 if excess else 1.0), dice.uniform(0.05, 0.15) * (4 if excess else 1),
            (0.35, 0.45, 0.55)[step] if excess else dice.uniform(0.7, 0.97),
            (330.0, 315.0, 305.0)[step] if excess else AIR,
        )  # fmt: skip
        run = {"identifier": "66001", "aliquot": 1, "increment": step, "irradiation_position": 1}
        run["timestamp"] = f"2026-03-01T{step:02d}:30:00"
        files.update(analysis(dice, run, signals))
    for grain in range(10):
        signals = gas(dice.uniform(20, 80), dice.uniform(0.02, 0.1), dice.uniform(0.6, 0.98), AIR)
        run = {"identifier": "66002", "aliquot": grain + 1, "increment": None, "irradiation_position": 2}
        run["timestamp"] = f"2026-03-02T{grain:02d}:30:00"
        files.update(analysis(dice, run, signals))
    return files


def metadata() -> dict[str, Any]:
    """Chronology, productions and J of the two holes."""
    hole = {
        "j": J, "j_err": J * 1e-3, "decay_constants": {"lambda_k_total": LAMBDA, "lambda_k_total_error": 1e-11},
        "options": {"monitor_age": 28.201, "monitor_name": "FC-2"},
    }  # fmt: skip
    return {
        "SYN-001/chronology.txt": "1.0,2026-01-07 06:00:00,2026-01-07 12:00:00\n",
        "SYN-001/productions.json": {"A": "TRIGA"},
        "SYN-001/productions/TRIGA.json": RATIOS,
        "SYN-001/A.json": {"positions": [{"position": n, "identifier": f"6600{n}", **hole} for n in (1, 2)]},
    }


def write(folder: Path, files: dict[str, Any]) -> None:
    """Each file in its place."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(
            content if isinstance(content, str) else json.dumps(content, indent=4, sort_keys=True)
        )


def main(folder: Path) -> None:
    write(folder / "Synthetic", repository())
    write(folder / "MetaData", metadata())
    print(f"{folder}: 22 analyses, true age {AGE_MA:.2f} Ma")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
