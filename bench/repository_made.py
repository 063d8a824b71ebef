"""A repository of made analyses with its metadata, as large and as laid out as a laboratory writes them today."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import uuid
from pathlib import Path
from random import Random
from typing import Any

ARGON = {"Ar40": "H1", "Ar39": "AX", "Ar38": "L1", "Ar37": "L2", "Ar36": "CDD"}
SIZES = {"Ar40": 800.0, "Ar39": 40.0, "Ar38": 1.1, "Ar37": 9.0, "Ar36": 0.45}
REFERENCES = 10
"""Blanks that a blank, and cocktails that an IC factor, was made from."""
PRODUCTION = {
    "K4039": [0.007614, 1.05e-4], "K3839": [0.013, 2e-4], "K3739": [1.5e-4, 2e-5], "Ca3937": [6.6e-4, 1e-5],
    "Ca3837": [4e-5, 2e-6], "Ca3637": [2.64e-4, 1e-6], "Cl3638": [250.0, 3.0], "Ca_K": [1.96, 0.02], "Cl_K": [0.227, 0.01],
}  # fmt: skip
MODIFIERS = {
    "intercepts": "inte",
    "baselines": "base",
    "blanks": "blan",
    "icfactors": "icfa",
    "extraction": "extr",
}


def make(folder: Path, many: int) -> tuple[Path, Path]:
    """Metadata and a committed repository of `many` analyses below `folder`."""
    random = Random(many)
    meta, repository = folder / "MetaData", folder / "made"
    levels = "ABCDE"
    _write(meta / "TEST-001/productions.json", {**dict.fromkeys(levels, "TRIGA"), "note": ""})
    _write(meta / "TEST-001/productions/TRIGA.json", PRODUCTION)
    for level in levels:
        _write(
            meta / f"TEST-001/{level}.json", {"z": 0.0, "positions": [_hole(hole) for hole in range(1, 25)]}
        )
    (meta / "TEST-001/chronology.txt").write_text("1.0,2024-12-10 09:00:00,2024-12-10 19:00:00\n")
    shared = [_references(random) for _ in range(max(1, many // 10))]
    points = base64.b64encode(
        b"".join(struct.pack(">ff", 10 + 3 * k, 1 + 1e-5 * k) for k in range(40))
    ).decode()
    for number in range(many):
        identity = str(uuid.UUID(int=random.getrandbits(128), version=4))
        head, rest = identity[:2], identity[2:]
        for kind, document in _analysis(
            random, number, identity, shared[number // 10 % len(shared)], points
        ).items():
            name = f"{head}/{rest}.json"
            if kind == ".data":
                name = f"{head}/.data/{rest}.dat.json"
            elif kind:
                name = f"{head}/{kind}/{rest}.{MODIFIERS[kind]}.json"
            _write(repository / name, document)
    for where in (meta, repository):
        for arguments in (
            ("init", "--quiet"),
            ("add", "--all"),
            ("commit", "--quiet", "--message", "<COLLECTION> made"),
        ):
            who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "gc.auto=0")
            subprocess.run(["git", *who, *arguments], cwd=where, check=True)
    return meta, repository


def read_files(repository: Path) -> list[Path]:
    """The files that an age comes from: all but the raw series."""
    return sorted(p for p in repository.rglob("*.json") if p.parent.name != ".data" and ".git" not in p.parts)


def _write(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=4, sort_keys=True))


def _hole(hole: int) -> dict[str, Any]:
    return {
        "position": hole, "identifier": f"{70000 + hole}", "j": 1e-3 + hole * 1e-6, "j_err": 1e-6, "position_jerr": 0.0,
        "decay_constants": {"lambda_k_total": 5.543e-10, "lambda_k_total_error": 9.4e-13},
        "options": {"monitor_age": 28.201}, "analyses": [],
    }  # fmt: skip


def _references(random: Random) -> list[dict[str, Any]]:
    return [
        {"exclude": "ok", "record_id": f"bu-FC-J-{random.randrange(20000)}", "uuid": str(uuid.UUID(int=random.getrandbits(128)))}
        for _ in range(REFERENCES)
    ]  # fmt: skip


def _fit(value: float, error: float, fit: str) -> dict[str, Any]:
    return {
        "value": value, "error": error, "fit": fit, "error_type": "SEM", "include_baseline_error": True, "n": 120, "fn": 118,
        "filter_outliers_dict": {"filter_outliers": True, "iterations": 1, "std_devs": 3, "use_iqr_filtering": False,
                                 "use_standard_deviation_filtering": False},
        "outlier_excluded": [3, 77], "reviewed": True, "user_excluded": [],
    }  # fmt: skip


def _analysis(random: Random, number: int, identity: str, references: Any, points: str) -> dict[str, Any]:
    hole = 1 + number % 24
    when = f"2025-{1 + number // 420 % 12:02d}-{1 + number // 15 % 28:02d}T{number % 24:02d}:{number * 7 % 60:02d}:06"
    devices = [
        {"device": f"Device{n}", "name": f"Reading {n}", "pub_date": when, "title": f"a gauge, number {n}", "value": n * 1.5}
        for n in range(7)
    ]  # fmt: skip
    conditionals = [
        {"analysis_types": ["air", "unknown", "cocktail", "blank_unknown"], "frequency": 10, "hash_id": 7051392060901330623 - n,
         "level": 10, "location": "setupfiles/spectrometer/default_conditionals.yaml", "ntrips": 1, "start_count": 0,
         "teststr": f"Ar40.bs_corrected>{6000 + n}.0"}
        for n in range(5)
    ]  # fmt: skip
    main = {
        "uuid": identity, "identifier": f"{70000 + hole}", "aliquot": 1 + number // 240 % 99, "increment": number % 20,
        "analysis_type": "unknown", "timestamp": when, "mass_spectrometer": "sim1", "irradiation": "TEST-001",
        "irradiation_level": "ABCDE"[number // 24 % 5], "irradiation_position": hole, "sample": f"sample {hole}",
        "material": "sanidine", "project": "monitors", "comment": "a single crystal", "username": "bench", "laboratory": "made",
        "isotopes": {n: {"name": n, "detector": d, "units": "fA", "serial_id": "00000"} for n, d in ARGON.items()},
        "detectors": {d: {"deflection": 12.5, "gain": 1.0} for d in ARGON.values()}, "arar_mapping": {n: n for n in ARGON},
        "environmental": {"lab_temperatures": devices[:3], "lab_humiditys": devices[3:4], "lab_pneumatics": devices[4:]},
        "conditionals": conditionals, "experiment_queue_name": "a queue", "experiment_type": "Ar/Ar", "extraction": "a_laser.py",
        "measurement": "multicollect.py", "post_measurement": "pump.py", "post_equilibration": "pump.py", "hops": "",
        "source": {"emission": 0.2, "trap": 0.1}, "spec_sha": "0" * 40, "meta_commit": "1" * 40, "tripped_conditional": None,
        "collection_version": "1.0:2.1", "acquisition_software": "made", "data_reduction_software": "made",
        "latitude": None, "longitude": None, "lithology": "", "lithology_class": "", "grainsize": "", "note": "",
    }  # fmt: skip
    blanks, factors = {}, {}
    for name, detector in ARGON.items():
        made = {"fit": "Bracketing Interpolate", "references": references, "reviewed": True}
        blanks[name] = {"value": SIZES[name] * 0.01, "error": SIZES[name] * 1e-4, "error_type": "", **made}
        factors[detector] = {
            "value": 1.0,
            "error": 1e-4,
            "reference_detector": "H1",
            "standard_ratio": 295.5,
            **made,
        }
    return {
        "": main,
        "intercepts": {n: _fit(SIZES[n] * random.uniform(0.8, 1.2), SIZES[n] * 1e-3, "Linear") for n in ARGON},
        "baselines": {d: _fit(random.uniform(0, 1e-3), 1e-4, "Average") for d in ARGON.values()},
        "blanks": blanks,
        "icfactors": factors,
        "extraction": {
            "extract_value": 5.0 + number % 20, "extract_units": "W", "extract_device": "CO2", "extract_duration": 45.0,
            "cleanup_duration": 15.0, "weight": 0, "tray": "221-hole", "load_name": "C0212", "load_holder": "221-hole",
            "positions": [{"is_degas": False, "position": 1 + number % 221, "x": None, "y": None, "z": None}],
            "snapshots": [], "videos": [], "pattern": "", "ramp_rate": 0.0, "requested_output": None,
        },
        ".data": {
            "encoding": "base64", "format": ">ff", "sniffs": [],
            "signals": [{"isotope": n, "detector": d, "blob": points} for n, d in ARGON.items()],
            "baselines": [{"detector": d, "blob": points} for d in ARGON.values()],
        },
    }  # fmt: skip
