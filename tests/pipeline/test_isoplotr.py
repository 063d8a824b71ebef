"""Files for IsoplotR, read again as its `read.data` reads them: J from row 2, data from row 4, columns by format."""

import csv
import io
import math

import numpy as np
import pytest
from scipy import optimize

from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.samples import samples_of
from pychron.pipeline.batch import metadata_of, reduce_analyses
from pychron.pipeline.isoplotr import export
from pychron.pipeline.running.workspace import open_workspace
from tests.dvc.making import Files, analysis, metadata

WIDTH = {1: 6, 2: 6, 3: 7}


@pytest.fixture
def sample(tmp_path):
    files = Files()
    for seed in range(6):
        one = analysis(seed)
        path = next(p for p in one if p.endswith(".inte.json"))
        # Air on top of one gas: points of a line.
        one[path]["Ar36"]["value"] = 0.45 + 0.2 * seed
        one[path]["Ar40"]["value"] = 800.0 + 295.5 * 0.2 * seed
        one[path]["Ar39"]["value"] = 40.0
        files.update(one)
    files.write(tmp_path / "NM-1")
    metadata().write(tmp_path / "MetaData")
    workspace = open_workspace(tmp_path / "MetaData", [tmp_path / "NM-1"])
    loaded = [one.analysis for one in workspace.load()]
    (found,) = samples_of(reduce_analyses(loaded, metadata_of(workspace.meta, Arithmetic()), Arithmetic()))
    return found


def read(text, form):
    rows = list(csv.reader(io.StringIO(text)))
    assert {len(row) for row in rows} == {WIDTH[form]}, "read.table wants equally long rows"
    assert rows[0][:2] == ["J", "err[J]"]
    return tuple(map(float, rows[1][:2])), np.array(rows[3:], float), rows[2]


def test_the_columns_of_each_format_are_those_of_isoplotrs_own_examples(sample):
    assert read(export(sample, 2).text, 2)[2] == [
        "Ar39Ar40",
        "errAr39Ar40",
        "Ar36Ar40",
        "errAr36Ar40",
        "rho",
        "Ar39",
    ]
    third = read(export(sample, 3).text, 3)[2]
    assert third == ["Ar39Ar40", "errAr39Ar40", "Ar36Ar40", "errAr36Ar40", "Ar39Ar36", "errAr39Ar36", "Ar39"]
    assert read(export(sample, 1).text, 1)[2] == [
        "Ar39Ar36",
        "errAr39Ar36",
        "Ar40Ar36",
        "errAr40Ar36",
        "rho",
        "Ar39",
    ]


def test_numbers_are_those_of_the_reduction(sample):
    found = export(sample, 2)
    j, table, _ = read(found.text, 2)
    assert j == (1e-3, 1e-6)
    assert found.lambda_k == 5.543e-10
    assert found.written == tuple(row.analysis.record_id for row in sample.rows)
    reduced = sample.rows[0].reduced
    index = [row.index for row in sample.rows]
    parts, signals = reduced.parts, reduced.corrected.signals
    forty = (signals[0] - parts.k40)[index]
    assert table[:, 0] == pytest.approx(parts.k39[index] / forty, rel=1e-12)
    assert table[:, 2] == pytest.approx(parts.atm36[index] / forty, rel=1e-12)
    assert table[:, 5] == pytest.approx(parts.k39[index], rel=1e-12)


def test_the_formats_agree_on_the_correlation(sample):
    """Format 3 has it in the error of the third ratio: (s/z)^2 = (sx/x)^2 + (sy/y)^2 - 2 rho sx sy / (x y), z = x / y."""
    _, two, _ = read(export(sample, 2).text, 2)
    _, three, _ = read(export(sample, 3).text, 3)
    x, sx, y, sy, z, sz = three[:, :6].T
    assert z == pytest.approx(x / y, rel=1e-9)
    rho = ((sx / x) ** 2 + (sy / y) ** 2 - (sz / z) ** 2) / (2 * (sx / x) * (sy / y))
    assert two[:, 4] == pytest.approx(rho, abs=1e-6)
    _, one, _ = read(export(sample, 1).text, 1)
    assert one[:, 0] == pytest.approx(z, rel=1e-9)
    assert one[:, 2] == pytest.approx(1 / y, rel=1e-9)
    assert (np.abs(one[:, 4]) <= 1).all()


def test_an_isochron_through_the_file_has_the_age_that_is_in_it(sample):
    """The likelihood of a line with correlated errors, minimised by scipy: trapped argon and F from the file alone."""
    j, table, _ = read(export(sample, 2).text, 2)
    x, sx, y, sy, rho = table[:, :5].T

    def misfit(line):
        a, b = line[0] / 1e3, line[1] / 1e2
        return float((((y - a - b * x) ** 2) / (sy**2 + (b * sx) ** 2 - 2 * b * rho * sx * sy)).sum())

    start = np.polyfit(x, y, 1)
    best = optimize.minimize(
        misfit,
        [start[1] * 1e3, start[0] * 1e2],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000},
    )
    a, b = best.x[0] / 1e3, best.x[1] / 1e2
    age = math.log1p(j[0] * -b / a) / 5.543e-10 / 1e6
    from pychron.pipeline.ages.group_ages import isochron_age

    expected = isochron_age(sample.rows)
    assert 1 / a == pytest.approx(expected.isochron.trapped, rel=1e-3)
    assert age == pytest.approx(expected.age.age_ma, rel=1e-3)


def test_what_is_flagged_is_left_out_and_several_j_are_refused(tmp_path):
    files = Files()
    for seed in range(3):
        files.update(analysis(seed))
    bad = next(p for p in analysis(1) if p.endswith(".inte.json"))
    del files[bad]["Ar39"]
    other = next(p for p in analysis(2) if p.count("/") == 1)
    files[other]["irradiation_position"] = 8
    meta = metadata()
    meta["TEST-001/A.json"]["positions"].append(
        {**meta["TEST-001/A.json"]["positions"][0], "position": 8, "j": 2e-3}
    )
    files.write(tmp_path / "NM-1")
    meta.write(tmp_path / "MetaData")
    workspace = open_workspace(tmp_path / "MetaData", [tmp_path / "NM-1"])
    loaded = [one.analysis for one in workspace.load()]
    (sample,) = samples_of(reduce_analyses(loaded, metadata_of(workspace.meta, Arithmetic()), Arithmetic()))
    found = export(sample, 2)
    assert "several J" in found.why
    assert [name for name, _ in found.left_out] == ["70001-02"]
