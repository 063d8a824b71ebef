"""What the nodes compute, against numbers made by hand; what they cannot do is told, and the rest goes on."""

import math
from pathlib import Path

import pytest

from pychron.config.problems import Report
from pychron.config.yaml_file import parse_yaml
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.group_ages import weighted_age
from pychron.pipeline.fitting.refits import refit
from pychron.pipeline.nodes.registry import WORK
from pychron.pipeline.running.run_file import Stands
from pychron.pipeline.running.runner import go, new_run, problems_of
from pychron.pipeline.running.state import Doing, State
from pychron.pipeline.running.workspace import open_workspace
from pychron.pipeline.templates.klasses import BY_NAME
from pychron.pipeline.templates.template_file import find_template, read_template, stock_names, template_of
from tests.dvc.making import ARGON, analysis, blob
from tests.pipeline.laboratory import UNKNOWNS, blank_at, lab, stamp, uuid_of, written

REAL = Path(__file__).parents[3] / "shared" / "real" / "dvc"


def test_every_class_option_and_template_stands_in_the_reference():
    page = Path(__file__).parents[2].joinpath("docs", "reference", "pipeline-templates.md").read_text("utf-8")
    assert [name for name in stock_names() if f"| `{name}` |" not in page] == []
    for klass in BY_NAME.values():
        _, heading, rest = page.partition(f"\n### {klass.name}\n")
        assert heading, klass.name
        section = rest.partition("\n### ")[0]
        assert [o.key for o in klass.options if f"| `{o.key}` |" not in section] == [], klass.name


def template(text):
    report = Report()
    found = template_of(parse_yaml(text, Path("t.yaml"), report), Path("t.yaml"), report)
    assert [str(p) for p in report.problems] == []
    return found


def ran(folder, text, dry=True, meta="MetaData", repo="NM-1"):
    """State and end of a template on a laboratory."""
    state = State(open_workspace(folder / meta, [folder / repo]), Arithmetic())
    chosen = template(text) if "\n" in text else read_template(text, Report())
    assert problems_of(chosen) == []
    doing = Doing(folder / "out", dry, False, None, lambda: 0.0, lambda _: "")
    return state, go(chosen, state, doing, new_run(chosen, state))


def nodes(*lines):
    return "nodes:\n" + "".join(f"  - {line}\n" for line in ("klass: UnknownNode", *lines))


def test_every_class_has_its_work():
    assert WORK.keys() == BY_NAME.keys()


ASKING = {
    *("flux", "flux_export", "flux_visualization", "vertical_flux"),
    *("csv_ideogram", "csv_spectrum", "csv_inverse_isochron", "bulk_edit"),
}
"""They need to be told a level, a file, or what is to be set."""


@pytest.mark.parametrize("name", sorted(set(stock_names()) - ASKING))
def test_the_options_of_every_stock_template_can_be_run(name):
    assert problems_of(read_template(name, Report())) == []


def test_the_stock_template_of_flux_asks_for_its_level():
    assert [text.partition("is empty")[0] for text in problems_of(read_template("flux", Report()))] == [
        "flux.yaml:4: FindFluxMonitorsNode: irradiation ", "flux.yaml:4: FindFluxMonitorsNode: level ",
    ]  # fmt: skip


def test_blanks_are_interpolated_between_those_of_the_unknowns_own_type(tmp_path):
    state, ended = ran(written(tmp_path), "blanks")
    assert ended.faults == []
    for number, hour in enumerate(UNKNOWNS):
        found = state.overrides[uuid_of(number)].blanks
        assert sorted(found) == sorted(ARGON)
        for name in ARGON:
            value, error = blank_at(hour, name)
            assert found[name].value == pytest.approx(value, rel=1e-12)
            assert found[name].error == pytest.approx(error, rel=1e-12)
        assert [one.uuid for one in found["Ar40"].references] == [uuid_of(20 + n) for n in range(3)]
        assert found["Ar40"].fit == "Bracketing Interpolate"


def test_ages_are_those_with_the_new_blanks(tmp_path):
    state, ended = ran(written(tmp_path), "blanks")
    before, after = ran(tmp_path, "audit")[1].analyses, ended.analyses
    assert all(old.f != new.f for old, new in zip(before, after, strict=True))
    row = state.rows()[0]
    one = state.now(uuid_of(0)).argon("Ar40")
    expected = (
        one.intercept.value - one.baseline.value - blank_at(UNKNOWNS[0], "Ar40")[0]
    ) * one.ic_factor.value
    assert row.reduced.corrected.signals[0, row.index] == pytest.approx(expected, rel=1e-12)


def test_ic_factors_by_hand(tmp_path):
    state, ended = ran(written(tmp_path), "icfactor")
    assert ended.faults == []
    relative = math.sqrt(2e-6 + (1e-4 / 900) ** 2 + (1e-4 / 3) ** 2)
    value = 300 / 295.5
    ends = state.overrides[uuid_of(0)].ic_factors["CDD"]
    assert ends.value == pytest.approx(value, rel=1e-9)
    assert ends.error == pytest.approx(value * relative, rel=1e-6), "before the first air its value holds"
    between = state.overrides[uuid_of(1)].ic_factors["CDD"]
    assert between.error == pytest.approx(value * relative * math.hypot(0.9, 0.1), rel=1e-6)
    assert (between.reference_detector, between.standard_ratio) == ("H1", 295.5)


def test_a_pair_that_no_reference_has_is_told(tmp_path):
    text = nodes(
        "{klass: FindReferencesNode, analysis_types: [air]}",
        "{klass: FitICFactorNode, fits: [{numerator: AX, denominator: CDD, isotopes: Ar40/Ar36, standard_ratio: 295.5}]}",
    )
    _, ended = ran(written(tmp_path), text)
    assert "no reference has Ar40 on AX" in ended.faults[0]
    assert not ended.is_whole


def test_isotope_evolution_is_what_reduce_fits_gives(tmp_path):
    state, ended = ran(written(tmp_path), "iso_evo")
    assert ended.faults == []
    repository = state.workspace.repositories[0]
    rows, _ = refit(repository, [uuid_of(1)])
    override = state.overrides[uuid_of(1)]
    for row in rows:
        fit = (override.intercepts if row.kind == "signal" else override.baselines)[row.isotope]
        assert (fit.value, fit.error, fit.n, fit.reviewed) == (row.value, row.error, row.n, True)
    again = nodes(
        "{klass: FitIsotopeEvolutionNode, fits: [{name: Ar40, fit: parabolic, error_type: SD, filter_outliers: false}]}"
    )
    state, _ = ran(tmp_path, again)
    fit = state.overrides[uuid_of(1)].intercepts["Ar40"]
    assert (fit.fit, fit.error_type, fit.outliers) == ("Parabolic", "SD", None)
    assert state.overrides[uuid_of(1)].intercepts["Ar39"].fit == "Linear"


def test_what_a_person_reviewed_is_left_where_the_template_says_so(tmp_path):
    files = lab()
    for path, document in files.items():
        if uuid_of(0)[:5] in path and path.endswith(".inte.json"):
            for one in document.values():
                one["reviewed"] = True
    state, ended = ran(
        written(tmp_path, files), nodes("{klass: FitIsotopeEvolutionNode, skip_reviewed: true}")
    )
    assert uuid_of(0) not in state.overrides
    assert uuid_of(1) in state.overrides
    assert "1 analyses reviewed and left as they are" in ended.run.reports[1].text


def changed(modifier, change, seed=1):
    files = lab()
    path = next(
        p
        for p in files
        if uuid_of(seed)[:5] in p and (f"/{modifier}/" in p if modifier else p.count("/") == 1)
    )
    if callable(change):
        change(files[path])
    else:
        files[path] = change
    return files


def first(**values):
    return lambda document: document["Ar40"].update(values)


@pytest.mark.parametrize(
    ("modifier", "change", "code"),
    [
        ("intercepts", "{", "file"),
        ("intercepts", b'{"Ar40": {"value": NaN, "error": 1}}', "file"),
        ("intercepts", lambda d: d.pop("Ar39"), "signal_missing"),
        ("intercepts", lambda d: d["Ar39"].update(value=-5.0), "signal_negative"),
        ("blanks", "{", "file"),
        ("", lambda d: d.update(irradiation_position=3), "no_j"),
        ("", lambda d: d.update(irradiation_level="Z"), "no_productions"),
        ("", lambda d: d.update(timestamp="soon"), "file"),
    ],
)
def test_bad_input_flags_its_own_analysis_and_the_rest_goes_on(modifier, change, code, tmp_path):
    _, ended = ran(
        written(tmp_path, changed(modifier, change)),
        nodes("klass: ArArCalculationsNode", "klass: GroupingNode"),
    )
    assert ended.run.stands is Stands.DONE
    bad = [one for one in ended.analyses if one.age_ma is None]
    assert [one.uuid for one in bad] == [uuid_of(1)]
    assert code in [flag.code for flag in bad[0].flags if flag.fatal]
    assert not ended.is_whole
    assert len(ended.without) == 1


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([], "the series has no point"),
        ([(1, 800.0)], "fewer points than the fit"),
        ([(5, 800.0 + n) for n in range(40)], "all points have one time"),
        ([(n, math.nan) for n in range(40)], "a point is not a number"),
    ],
)
def test_series_that_cannot_be_fitted_keep_what_is_stored_and_are_told(points, said, tmp_path):
    def change(document):
        next(one for one in document["signals"] if one["isotope"] == "Ar40")["blob"] = blob(points)

    state, ended = ran(written(tmp_path, changed(".data", change)), "iso_evo")
    assert len(ended.faults) == 1
    assert said in ended.faults[0]
    assert "Ar40" not in state.overrides[uuid_of(1)].intercepts
    assert "Ar39" in state.overrides[uuid_of(1)].intercepts
    assert not ended.is_whole


def test_a_truncated_series_is_told(tmp_path):
    def change(document):
        one = document["signals"][0]
        one["blob"] = one["blob"][:-8]

    _, ended = ran(written(tmp_path, changed(".data", change)), "iso_evo")
    assert "cut short" in ended.faults[0]


def test_a_detector_over_its_full_scale_is_left_out_of_means(tmp_path):
    text = nodes(
        "klass: ArArCalculationsNode", "{klass: ReviewNode, full_scales: [{detector: H1, full_scale: 100}]}"
    )
    _, ended = ran(written(tmp_path), text)
    assert [flag.code for flag in ended.analyses[0].flags if flag.fatal] == ["saturated"]
    assert all(one.age_ma is None for one in ended.analyses)


def test_a_blank_of_another_type_is_flagged(tmp_path):
    files = lab()
    for path, document in files.items():
        if uuid_of(0)[:5] in path and "/blanks/" in path:
            document["Ar40"]["references"] = [{"record_id": "", "uuid": uuid_of(30), "exclude": False}]
    _, ended = ran(written(tmp_path, files), nodes("klass: ArArCalculationsNode"))
    (flag,) = ended.analyses[0].flags
    assert flag.code == "blank_type"
    assert "a blank_air; it needs a blank_unknown" in flag.text


def test_without_a_blank_of_its_type_the_stored_one_stays_and_it_is_told(tmp_path):
    files = lab()
    for path in list(files):
        if any(uuid_of(20 + n)[:5] in path for n in range(3)):
            del files[path]
    state, ended = ran(written(tmp_path, files), "blanks")
    assert not any(one.blanks for one in state.overrides.values())
    assert "no blank_unknown within 10 h of the unknowns" in ended.faults
    assert any("the stored one stays" in fault for fault in ended.faults)


def test_a_saturated_reference_takes_no_part_in_a_fit_after_the_review(tmp_path):
    find = "{klass: FindReferencesNode, analysis_types: [air]}"
    fit = "{klass: FitICFactorNode, fits: [{numerator: H1, denominator: CDD, isotopes: Ar40/Ar36, standard_ratio: 295.5}]}"
    files = lab()
    path = next(p for p in files if uuid_of(40)[:5] in p and "/.data/" in p)
    next(one for one in files[path]["signals"] if one["isotope"] == "Ar40")["blob"] = blob(
        [(n, 6e4) for n in range(40)]
    )
    written(tmp_path, files)
    rule = "{klass: ReviewNode, full_scale: 50000}"
    state, ended = ran(tmp_path, nodes(find, "klass: ReferenceNode", rule, fit))
    assert [flag.code for flag in state.flags[uuid_of(40)] if flag.fatal] == ["saturated"]
    found = state.overrides[uuid_of(0)].ic_factors["CDD"]
    assert [(one.uuid, one.exclude) for one in found.references] == [
        (uuid_of(40), "omit"),
        (uuid_of(41), "ok"),
    ]
    assert any("50000" in fault or "5e+04" in fault for fault in ended.faults)


def test_the_mswd_filter_leaves_out_until_the_rest_agrees(tmp_path):
    files = lab()
    for seed in range(70, 76):
        for p, document in analysis(
            seed, identifier="70001", aliquot=seed, timestamp=stamp(6 + seed % 10 / 10)
        ).items():
            files[p] = document
    for p, document in files.items():
        if p.endswith(".inte.json"):
            document["Ar40"].update(value=800.0, error=0.4)
            document["Ar39"].update(value=40.0, error=0.02)
            document["Ar36"].update(value=0.45, error=0.001)
    off = next(p for p in files if uuid_of(72)[:5] in p and p.endswith(".inte.json"))
    files[off]["Ar40"]["value"] = 840.0
    state, ended = ran(
        written(tmp_path, files), nodes("klass: ArArCalculationsNode", "klass: MSWDFilterNode")
    )
    assert [one.uuid for one in ended.without] == [uuid_of(72)]
    assert [flag.code for flag in ended.without[0].flags if flag.fatal] == ["mswd"]
    mean = weighted_age([row for row in state.rows() if row.good])
    assert (mean.n, mean.probability > 0.025) == (8, True)


def test_policies_of_a_review(tmp_path):
    written(tmp_path)
    calculate = "klass: ArArCalculationsNode"
    flagged = ran(tmp_path, nodes(calculate, "{klass: ReviewNode, intercept_error_pct: 0.01}"))[1]
    assert flagged.is_whole
    assert {flag.code for flag in flagged.analyses[0].flags} == {"intercept_error"}
    omitted = ran(tmp_path, nodes(calculate, "{klass: ReviewNode, policy: omit, intercept_error_pct: 0.01}"))[
        1
    ]
    assert len(omitted.without) == 3
    stopped = ran(tmp_path, nodes("{klass: ReviewNode, policy: stop, intercept_error_pct: 0.01}", calculate))[
        1
    ]
    assert stopped.run.stands is Stands.STOPPED
    assert [report.klass for report in stopped.run.reports] == ["UnknownNode", "ReviewNode"]
    sloping = ran(
        tmp_path, nodes(calculate, "{klass: ReviewNode, slope_pct: 0.0001, intercept_error_pct: 0}")
    )[1]
    assert "slope" in {flag.code for flag in sloping.analyses[0].flags}


def test_groups_and_filters(tmp_path):
    written(tmp_path)
    calculate = "klass: ArArCalculationsNode"
    state, _ = ran(tmp_path, nodes(calculate, "{klass: GroupingNode, by_key: Aliquot}"))
    assert [(one.label, len(one.uuids)) for one in state.groups] == [
        ("70001-01", 1),
        ("70001-02", 1),
        ("70001-03", 1),
    ]
    state, _ = ran(
        tmp_path, nodes(calculate, "{klass: GroupingNode, by_key: Sample}", "klass: SubGroupingNode")
    )
    assert [one.label for one in state.groups] == ["FC-2 70001-01", "FC-2 70001-02", "FC-2 70001-03"]
    state, _ = ran(tmp_path, nodes(calculate, "{klass: FilterNode, keep: 'aliquot > 1 and yield_pct > 0'}"))
    assert state.unknowns == (uuid_of(1), uuid_of(2))
    rows = "filters: [{attribute: aliquot, comparator: '<=', criterion: 2}, {attribute: sample, comparator: '==', criterion: fc-2}]"
    state, _ = ran(tmp_path, nodes(calculate, f"{{klass: FilterNode, {rows}}}"))
    assert state.unknowns == (uuid_of(0), uuid_of(1))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "{klass: FitICFactorNode, fits: [{numerator: H1, denominator: CDD, isotopes: Ar40/Ar36}]}",
            "it is never assumed",
        ),
        ("{klass: FitICFactorNode}", "fits is empty"),
        ("{klass: FitBlanksNode, fits: [{name: Ar40, fit: cubist}]}", "is no fit of references"),
        ("{klass: FitIsotopeEvolutionNode, fits: [{name: Ar40, fit: septic}]}", "septic is no fit"),
        ("{klass: FindReferencesNode}", "analysis_types is empty"),
        ("{klass: UnknownNode, since: then}", "a time is written like"),
        ("{klass: FitFluxNode, model_kind: plane}", "write holder: NAME"),
        ("{klass: FitFluxNode, monitor: fc-kuiper}", "did you mean fc-kuiper-2008?"),
        ("{klass: FitFluxNode, monitor_age: 27}", "no monitor of 27 Ma is known"),
        (
            "{klass: FilterNode, filters: [{attribute: agee, comparator: '>', criterion: 1}]}",
            "agee is no attribute",
        ),
        ("{klass: FilterNode, keep: 'agee > 1'}", "agee is no attribute"),
        ("{klass: SeriesNode, values: [Ar99]}", "Ar99 is not known"),
    ],
)
def test_wrong_options_are_told_before_anything_runs(line, said):
    (problem,) = problems_of(template(nodes(line)))
    assert problem.startswith("t.yaml:3: ")
    assert said in problem


def test_a_chronology_out_of_order_flags_every_analysis_and_the_run_goes_on(tmp_path):
    written(tmp_path)
    path = tmp_path / "MetaData" / "TEST-001" / "chronology.txt"
    path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))
    _, ended = ran(tmp_path, nodes("klass: ArArCalculationsNode"))
    assert ended.run.stands is Stands.DONE
    assert all([flag.code for flag in one.flags] == ["chronology"] for one in ended.analyses)
    assert not ended.is_whole


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("ISOEVO", "iso_evo"),
        ("Ideo", "ideogram"),
        ("SPEC", "spectrum"),
        ("Inverse Isochron", "inverse_isochron"),
        ("icfactor", "icfactor"),
    ],
)
def test_templates_are_found_by_the_names_of_installed_laboratories(word, name):
    assert find_template(word) == name
