"""Every kind of bad input at once among good analyses: each is flagged with its reason, the others' numbers do not move by a bit."""

import json
import math

import pytest
from click.testing import CliRunner

from pychron.cli.main import main
from pychron.dvc import groups
from tests.dvc.making import Files, an_identity, analysis, blob, metadata

GOOD = range(4)


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="pychron")


def part(files, modifier):
    return files[next(path for path in files if f"/{modifier}/" in path)]


def negative(files):
    part(files, "intercepts")["Ar39"]["value"] = -40.0


def missing_signal(files):
    del files[next(iter(files))]["isotopes"]["Ar36"]


def no_isotopes(files):
    files[next(iter(files))]["isotopes"] = {}


def no_fit_of_it(files):
    del part(files, "intercepts")["Ar37"]


def zero_error(files):
    part(files, "intercepts")["Ar40"]["error"] = 0.0


def negative_error(files):
    part(files, "intercepts")["Ar38"]["error"] = -1e-3


def no_j(files):
    files[next(iter(files))]["irradiation_position"] = 3


def hole_that_is_not_there(files):
    files[next(iter(files))]["irradiation_position"] = 23


def never_irradiated(files):
    files[next(iter(files))]["irradiation"] = "NoIrradiation"


def chronology_out_of_order(files):
    files[next(iter(files))]["irradiation"] = "TWISTED"


def before_its_irradiation(files):
    files[next(iter(files))]["timestamp"] = "2024-01-01T00:00:00"


def no_time(files):
    files[next(iter(files))]["timestamp"] = "yesterday"


def nan_in_json(files):
    part(files, "blanks")["Ar40"]["value"] = math.nan


def infinity_in_json(files):
    part(files, "icfactors")["H1"]["error"] = math.inf


def text_in_place_of_a_number(files):
    part(files, "baselines")["AX"]["value"] = "0.1"


def cut_short(files):
    path = next(path for path in files if "/icfactors/" in path)
    files[path] = json.dumps(files[path])[:-40]


def no_baselines(files):
    del files[next(path for path in files if "/baselines/" in path)]


def a_list(files):
    files[next(path for path in files if "/blanks/" in path)] = [1, 2]


BAD = {
    negative: "signal_negative", missing_signal: "signal_missing", no_isotopes: "file", no_fit_of_it: "signal_missing",
    zero_error: "error_zero", negative_error: "error_zero", no_j: "no_j", hole_that_is_not_there: "no_j",
    never_irradiated: "no_irradiation", chronology_out_of_order: "chronology", before_its_irradiation: "no_decay",
    no_time: "file", nan_in_json: "file", infinity_in_json: "file", text_in_place_of_a_number: "file", cut_short: "file",
    no_baselines: "file", a_list: "file",
}  # fmt: skip


@pytest.fixture
def lab(tmp_path):
    """Good ones in one repository; the same and all bad ones, of the same sample, in another."""
    good = Files()
    for seed in GOOD:
        good.update(analysis(seed, 2))
    good.write(tmp_path / "good")
    good.write(tmp_path / "all")
    for number, spoil in enumerate(BAD):
        files = analysis(100 + number, 2)
        spoil(files)
        Files(files).write(tmp_path / "all")
    twisted = {
        "TWISTED" + path.removeprefix("TEST-001"): one
        for path, one in metadata().items()
        if "TEST-001" in path
    }
    twisted["TWISTED/chronology.txt"] = (
        "1,2025-01-11 09:00:00,2025-01-11 13:00:00\n1,2025-01-10 09:00:00,2025-01-10 19:00:00\n"
    )
    metadata(**twisted).write(tmp_path / "MetaData")
    return tmp_path


def asked(lab, name, *words):
    done = run(*words, "--meta", lab / "MetaData", "--repo", lab / name, "--json")
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.stdout)


def check(lab, status, found):
    found = {one["uuid"]: one for one in found}
    assert status == 1
    assert len(found) == len(GOOD) + len(BAD)
    for number, (spoil, code) in enumerate(BAD.items()):
        one = found.pop(an_identity(100 + number))
        fatal = [flag for flag in one["flags"] if flag["fatal"]]
        assert code in [flag["code"] for flag in fatal], (spoil.__name__, one)
        assert all(flag["text"] for flag in fatal)
        assert one["age_ma"] is one["age_err"] is None, spoil.__name__
    alone, good = asked(lab, "good", "age", "--no-cache")
    assert alone == 0
    for one in good:
        assert one | {"repository": "all"} == found[one["uuid"]]


def test_ages(lab):
    check(lab, *asked(lab, "all", "age", "--no-cache"))


def test_ages_from_kept_records(lab, monkeypatch):
    monkeypatch.setattr(groups, "SETTLE_NS", -(10**18))
    for _ in range(3):
        check(lab, *asked(lab, "all", "age", "--cache", lab / "kept"))


def test_means_are_those_of_the_good_ones(lab):
    _, alone = asked(lab, "good", "plateau", "--no-cache")
    status, among = asked(lab, "all", "plateau", "--no-cache")
    assert status == 1

    def means(document):
        """The numbers of each group, wherever they stand."""
        return [
            {key: value for key, value in group.items() if isinstance(value, float | int | dict)}
            for group in document
        ]

    assert alone[0]["mean"]["n"] == len(GOOD)
    assert len(among[0]["left_out"]) == len(BAD)
    assert means(among) == means(alone)


def no_points(files):
    part(files, ".data")["signals"][0]["blob"] = ""


def null(files):
    part(files, ".data")["signals"][0]["blob"] = None


def one_time(files):
    part(files, ".data")["signals"][0]["blob"] = blob([(10.0, 800.0 + k) for k in range(30)])


def nan_readings(files):
    part(files, ".data")["signals"][0]["blob"] = blob([(10.0 * k, math.nan) for k in range(30)])


def two_points(files):
    part(files, ".data")["signals"][0]["blob"] = blob([(10.0, 800.0), (20.0, 801.0)])


def truncated(files):
    part(files, ".data")["signals"][0]["blob"] = part(files, ".data")["signals"][0]["blob"][:-8]


def no_base64(files):
    part(files, ".data")["signals"][0]["blob"] = "?" * 80


def no_series(files):
    del files[next(path for path in files if "/.data/" in path)]


def another_format(files):
    part(files, ".data")["format"] = ">dd"


SERIES = (
    no_points,
    null,
    one_time,
    nan_readings,
    two_points,
    truncated,
    no_base64,
    no_series,
    another_format,
)


def test_series(tmp_path):
    good = Files()
    for seed in GOOD:
        good.update(analysis(seed, 2))
    good.write(tmp_path / "good")
    good.write(tmp_path / "all")
    for number, spoil in enumerate(SERIES):
        files = analysis(200 + number, 2)
        spoil(files)
        Files(files).write(tmp_path / "all")
    alone, among = (run("reduce", "fits", "--repo", tmp_path / name, "--json") for name in ("good", "all"))
    assert among.exit_code == 1
    assert among.exception is None or isinstance(among.exception, SystemExit)
    rows = json.loads(among.stdout)
    mine = {an_identity(seed) for seed in GOOD}
    assert [row for row in rows if row["uuid"] in mine] == json.loads(alone.stdout)
    told = " ".join(among.stderr.split())
    for number, spoil in enumerate(SERIES):
        first = [
            r
            for r in rows
            if r["uuid"] == an_identity(200 + number) and (r["kind"], r["isotope"]) == ("signal", "Ar40")
        ]
        if spoil in (truncated, no_base64, no_series, another_format):
            assert f"70001-{1 + (200 + number) % 90:02d}: " in told, spoil.__name__
        else:
            ((row,), value) = first, first[0]["value"]
            assert value is None or math.isfinite(value)
            assert (value is None) == bool(row["why"]), (spoil.__name__, row)
            assert spoil is two_points or value is None, (spoil.__name__, row)
