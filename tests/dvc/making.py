"""Repositories for the tests, in the layouts that laboratories have had, written without the code under test."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import uuid as uuids
from pathlib import Path
from random import Random

ARGON = ("Ar40", "Ar39", "Ar38", "Ar37", "Ar36")
DETECTORS = dict(zip(ARGON, ("H1", "AX", "L1", "L2", "CDD"), strict=True))
SIZES = dict(zip(ARGON, (800.0, 40.0, 1.1, 9.0, 0.45), strict=True))

CHRONOLOGY = "1.0,2025-01-10 09:00:00,2025-01-10 19:00:00\n1.0,2025-01-11 09:00:00,2025-01-11 13:00:00\n"
PRODUCTION = {
    "K4039": [0.007614, 1.05e-4], "K3839": [0.013, 2e-4], "K3739": [1.5e-4, 2e-5], "Ca3937": [6.6e-4, 1e-5],
    "Ca3837": [4e-5, 2e-6], "Ca3637": [2.64e-4, 1e-6], "Cl3638": [250.0, 3.0], "Ca_K": [1.96, 0.02], "Cl_K": [0.227, 0.01],
}  # fmt: skip


def blob(points):
    return base64.b64encode(b"".join(struct.pack(">ff", t, y) for t, y in points)).decode()


def an_identity(seed):
    return str(uuids.UUID(int=Random(seed).getrandbits(128), version=4))


class Files(dict):
    """Path -> JSON document, text or bytes; `write` puts them into a folder."""

    def write(self, folder: Path) -> Path:
        for path, content in self.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            elif isinstance(content, str):
                target.write_text(content)
            else:
                target.write_text(json.dumps(content, indent=4, sort_keys=True))
        return folder


def analysis(seed=0, prefix=5, identity="", **changes):
    """The files of one analysis; `changes` go into its main file."""
    random = Random(seed)
    identity = identity or an_identity(seed)
    folder, rest = identity[:prefix], identity[prefix:]

    def at(modifier, suffix):
        return f"{folder}/{modifier}/{rest}.{suffix}.json"

    series = {name: _series(random, SIZES[name]) for name in ARGON}
    main = {
        "uuid": identity, "identifier": "70001", "aliquot": 1 + seed % 90, "increment": None, "analysis_type": "unknown",
        "timestamp": f"2025-02-03T04:{seed % 60:02d}:06", "mass_spectrometer": "sim1", "irradiation": "TEST-001",
        "irradiation_level": "A", "irradiation_position": 7, "sample": "FC-2", "material": "sanidine", "project": "monitors",
        "isotopes": {n: {"name": n, "detector": DETECTORS[n], "units": "fA", "serial_id": "00000"} for n in ARGON},
        "detectors": {d: {"deflection": 0, "gain": 1.0} for d in DETECTORS.values()},
        "arar_mapping": {n: n for n in ARGON},
    }  # fmt: skip
    main.update(changes)
    rows = {
        "isotopes": {n: _fit(SIZES[n] * random.uniform(0.9, 1.1), SIZES[n] * 1e-3, "Linear") for n in ARGON},
        "detectors": {d: _fit(random.uniform(0, 1e-3), 1e-4, "Average") for d in DETECTORS.values()},
    }
    return Files(
        {
            f"{folder}/{rest}.json": main,
            at(".data", "dat"): {
                "encoding": "base64",
                "format": ">ff",
                "signals": [{"isotope": n, "detector": DETECTORS[n], "blob": blob(series[n])} for n in ARGON],
                "sniffs": [{"isotope": n, "detector": DETECTORS[n], "blob": blob(series[n][:3])} for n in ARGON],
                "baselines": [{"detector": d, "blob": blob(_series(random, 1e-3))} for d in DETECTORS.values()],
            },
            at("intercepts", "inte"): rows["isotopes"],
            at("baselines", "base"): rows["detectors"],
            at("blanks", "blan"): {
                n: {"value": SIZES[n] * 0.01, "error": SIZES[n] * 1e-4, "fit": "previous",
                    "references": [{"record_id": "bu-01-J-1", "uuid": an_identity(9), "exclude": False}]}
                for n in ARGON
            },
            at("icfactors", "icfa"): {d: {"value": 1.0, "error": 1e-4, "fit": "default"} for d in DETECTORS.values()},
            at("extraction", "extr"): {"extract_value": 5.0, "extract_units": "W", "extract_device": "CO2",
                                       "positions": [{"position": 12}]},
        }
    )  # fmt: skip


def _series(random, size):
    return [(10.0 + 3 * k, size * (1 + 1e-5 * k) + random.gauss(0, size * 1e-3)) for k in range(40)]


def _fit(value, error, fit):
    return {
        "value": value, "error": error, "fit": fit, "error_type": "SEM", "include_baseline_error": True,
        "filter_outliers_dict": {"filter_outliers": True, "iterations": 1, "std_devs": 3}, "n": 40, "fn": 40,
    }  # fmt: skip


def metadata(**changes):
    """A metadata repository with one irradiation."""
    files = Files(
        {
            "TEST-001/chronology.txt": CHRONOLOGY,
            "TEST-001/productions.json": {"A": "TRIGA", "note": ""},
            "TEST-001/productions/TRIGA.json": PRODUCTION,
            "TEST-001/A.json": {
                "z": 0.0,
                "positions": [
                    {"position": 7, "identifier": "70001", "j": 1e-3, "j_err": 1e-6, "position_jerr": 0.0,
                     "decay_constants": {"lambda_k_total": 5.543e-10, "lambda_k_total_error": 9.4e-13},
                     "options": {"monitor_age": 28.02}, "analyses": []},
                    {"position": 3, "decay_constants": {}},
                ],
            },
            "irradiation_holders/24_hole.txt": "circle,2.0\n0,5\n5,0,1.5\n# a comment\n-5,0\n",
        }
    )  # fmt: skip
    files.update(changes)
    return files


def git(folder, *arguments):
    """Run plain git; its output."""
    return subprocess.run(
        ["git", "-c", "user.name=a test", "-c", "user.email=test@example.org", *arguments],
        cwd=folder, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip


def committed(folder, message="<COLLECTION> a run"):
    """Make `folder` a git repository with all of it committed; the commit."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")
