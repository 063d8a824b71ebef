"""J of a level: a real laboratory's own means made again, and levels made by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from pychron.dvc.metadata import Hole
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.flux import level_flux, over_the_holder
from pychron.pipeline.running.workspace import open_workspace
from pychron.reduction.constants import MONITORS
from pychron.reduction.flux import FluxModel, FluxOptions
from tests.dvc.making import Files, an_identity, analysis, metadata

REAL = Path(__file__).parents[3] / "shared" / "real" / "dvc"
LAMBDA = {"lambda_k_total": 5.543e-10, "lambda_k_total_error": 9.4e-13}


def hole(number, *omitted, listed=(), **keys):
    rows = [{"uuid": an_identity(one), "record_id": "", "is_omitted": one in omitted} for one in listed]
    return {
        "position": number, "identifier": str(70000 + number), "decay_constants": LAMBDA,
        "options": {"monitor_age": 28.02, "monitor_name": "FC-2"}, "analyses": rows, **keys,
    }  # fmt: skip


def of(folder, *holes, analyses, **how):
    files = Files()
    for one in analyses:
        files.update(one)
    meta = metadata(**{"TEST-001/A.json": {"z": 0.0, "positions": list(holes)}})
    workspace = open_workspace(meta.write(folder / "meta"), [files.write(folder / "repository")])
    some = [one.analysis for one in workspace.load()]
    return level_flux(workspace.meta, "TEST-001", "A", some, Arithmetic(), **how)


def monitor(seed, number, **changes):
    changes = {"irradiation_position": number, "identifier": str(70000 + number), **changes}
    return analysis(seed, **changes)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real laboratory's repository is not here")
def test_the_means_of_a_real_level_are_made_again():
    workspace = open_workspace(REAL / "MetaData", [REAL / "Irradiation-NM-313"])
    analyses = [one.analysis for one in workspace.load()]
    flux = level_flux(workspace.meta, "NM-313", "B", analyses, Arithmetic())
    stored = [one for one in flux.holes if one.position.mean_j is not None]
    assert [one.position.hole for one in stored] == [7, 8, 9, 10, 11, 12]
    for one in stored:
        assert one.mean.value == pytest.approx(one.position.mean_j.value, rel=1e-6)
        assert one.mean_j_err == pytest.approx(one.position.mean_j.error, rel=1e-4)
        assert one.shared_error > one.mean.error
    assert sum(one.omitted for hole_ in flux.holes for one in hole_.monitors) == 1


def test_j_is_the_dose_over_f(tmp_path):
    flux = of(tmp_path, hole(7), analyses=[monitor(1, 7), monitor(2, 7)])
    (found,) = flux.holes
    for one in found.monitors:
        reduced, at = one.row.reduced, one.row.index
        assert one.j == pytest.approx(math.expm1(5.543e-10 * 28.02e6) / reduced.f[at])
        assert one.error / one.j == pytest.approx(reduced.f_error[at] / reduced.f[at])
    j, s = (np.array([getattr(one, name) for one in found.monitors]) for name in ("j", "error"))
    assert found.mean.value == pytest.approx(np.average(j, weights=s**-2))


def test_another_monitor_brings_its_own_age_and_constants(tmp_path):
    old = of(tmp_path / "a", hole(7), analyses=[monitor(1, 7)]).holes[0]
    new = of(tmp_path / "b", hole(7), analyses=[monitor(1, 7)], monitor=MONITORS["fc-renne-2011"]).holes[0]
    ratio = math.expm1((4.9548e-10 + 5.757e-11) * 28.294e6) / math.expm1(5.543e-10 * 28.02e6)
    assert new.mean.value / old.mean.value == pytest.approx(ratio)


def test_what_the_level_leaves_out_and_what_has_a_fault_counts_in_no_mean(tmp_path):
    dead = monitor(3, 7)
    dead.pop(next(path for path in dead if "/blanks/" in path))
    flux = of(
        tmp_path,
        hole(7, 2, listed=(1, 2, 3, 4)),
        analyses=[monitor(1, 7), monitor(2, 7), dead, monitor(4, 7)],
    )
    (found,) = flux.holes
    assert [one.counts for one in found.monitors] == [True, False, False, True]
    assert found.mean.n == 2
    assert [one.omitted for one in found.monitors] == [False, True, False, False]
    assert any(flag.fatal for flag in found.monitors[2].flags)


def test_samples_and_other_levels_are_no_monitors(tmp_path):
    flux = of(
        tmp_path, hole(7), hole(3), hole(5, options={}),
        analyses=[
            monitor(1, 7), monitor(2, 7, sample="a tuff"), monitor(3, 7, irradiation_level="B"),
            monitor(4, 7, analysis_type="blank_unknown"), monitor(5, 5, sample="FC-2"),
        ],
    )  # fmt: skip
    by = {one.position.hole: one for one in flux.holes}
    assert [len(by[number].monitors) for number in (3, 5, 7)] == [0, 0, 1]
    assert by[3].mean.why == "no monitor of it is here"


def test_a_monitor_without_an_age_names_the_remedy(tmp_path):
    flux = of(tmp_path, hole(7, options={}), analyses=[monitor(1, 7)], sample="FC-2")
    assert "add --monitor NAME" in flux.holes[0].mean.why


def test_a_plane_over_the_holder(tmp_path):
    holes = [hole(number) for number in (1, 2, 3, 4, 5)]
    flux = of(tmp_path, *holes, analyses=[monitor(10 * n + k, n) for n in (1, 2, 3, 4) for k in (1, 2)])
    places = [(0, 5), (5, 0), (0, -5), (-5, 0), (0, 0)]
    holder = [Hole(str(n), float(x), float(y), 1.0) for n, (x, y) in enumerate(places, 1)]
    found = over_the_holder(flux, holder, FluxOptions(FluxModel.PLANE))
    means = np.array([one.mean.value for one in found.holes[:4]])
    weights = np.array([one.mean_j_err for one in found.holes[:4]]) ** -1.0
    design = np.array([[x, y, 1.0] for x, y in places])
    solution, *_ = np.linalg.lstsq(design[:4] * weights[:, np.newaxis], means * weights, rcond=None)
    assert [one.j for one in found.holes] == pytest.approx(list(design @ solution))
    assert all(one.j_error > 0 for one in found.holes)
    with pytest.raises(ValueError, match="the holder has no hole 5"):
        over_the_holder(flux, holder[:4], FluxOptions(FluxModel.PLANE))
