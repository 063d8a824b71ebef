"""Dashboard files: both dialects, both formats, every problem with its line."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pychron.config.problems import Report
from pychron.dashboard.dashboard_file import read_dashboard
from pychron.dashboard.events import Level
from pychron.dashboard.specs import DashboardSpec, Dialect, OnMissing

INSTALLED = """\
port: 8102
devices:
  - name: Env
    device: environmental_monitor
    values:
      - name: temperature
        func_name: get_temperature
        period: 10
        enabled: true
        threshold: 0.25
        units: C
        timeout: 60
        conditionals:
          - [10, {teststr: "x>30", nfail: 2, emails: "a@b.c, d@e.f"}]
          - [20, {teststr: "x>40", script: shutdown, guidance: Open the window.}]
"""
INSTALLED_XML = """\
<root>
  <port>8102</port>
  <device>Env
    <use>true</use><name>environmental_monitor</name>
    <value>temperature<func>get_temperature</func><period>10</period><enabled>true</enabled><units>C</units>
      <change_threshold>0.25</change_threshold><timeout>60</timeout>
      <conditionals>
        <warn>x&gt;30<nfail>2</nfail><emails>a@b.c, d@e.f</emails></warn>
        <critical>x&gt;40<script>shutdown</script><guidance>Open the window.</guidance></critical>
      </conditionals>
    </value>
  </device>
</root>
"""
DOCUMENTED = """\
devices:
  - name: pump
    values:
      - name: speed
        units: Hz
        threshold: {warning: 900, critical: 500, comparator: "<", action_script: stop, hysteresis: 10}
"""
DOCUMENTED_XML = """\
<dashboard>
  <device name="pump">
    <value name="speed" units="Hz">
      <threshold warning="900" critical="500" comparator="&lt;" action_script="stop" hysteresis="10"/>
    </value>
  </device>
</dashboard>
"""


def read(folder: Path, text: str, name: str = "dashboard.yaml") -> tuple[DashboardSpec | None, Report]:
    (folder / name).write_text(text, "utf-8")
    report = Report(folder)
    return read_dashboard(folder, report), report


def problems(report: Report) -> list[str]:
    return [str(problem) for problem in report.sorted() if problem.severity == "error"]


@pytest.mark.parametrize(
    ("text", "name"), [(INSTALLED, "dashboard.yaml"), (INSTALLED_XML, "dashboard.xml")], ids=["yaml", "xml"]
)
def test_the_installed_dialect(tmp_path: Path, text: str, name: str) -> None:
    spec, report = read(tmp_path, text, name)
    assert spec is not None, problems(report)
    assert report.problems == []
    assert (spec.host, spec.port, spec.dialects) == ("127.0.0.1", 8102, (Dialect.INSTALLED,))
    (value,) = spec.values
    assert (value.name, value.tag, value.source) == (
        "Env.temperature",
        "<Env,temperature>",
        "environmental_monitor",
    )
    assert (value.attribute, value.period_s, value.dead_band) == ("get_temperature", 10.0, 0.25)
    assert (value.units, value.timeout_s, value.enabled, value.record) == ("C", 60.0, True, False)
    warning, critical = value.conditions
    assert (warning.name, warning.level, warning.nfail) == ("Env.temperature.x>30", Level.WARNING, 2)
    assert warning.emails == ("a@b.c", "d@e.f")
    assert (critical.level, critical.script, critical.guidance) == (
        Level.CRITICAL,
        "shutdown",
        "Open the window.",
    )
    assert critical.on_missing is OnMissing.TRIP


@pytest.mark.parametrize(
    ("text", "name"),
    [(DOCUMENTED, "dashboard.yaml"), (DOCUMENTED_XML, "dashboard.xml")],
    ids=["yaml", "xml"],
)
def test_the_documented_dialect(tmp_path: Path, text: str, name: str) -> None:
    spec, report = read(tmp_path, text, name)
    assert spec is not None, problems(report)
    (value,) = spec.values
    assert spec.dialects == (Dialect.DOCUMENTED,)
    assert (value.source, value.attribute, value.period_s, value.enabled) == ("pump", "speed", 5.0, True)
    assert (value.timeout_s, value.record, value.dead_band) == (0.0, True, 1e-20)
    warning, critical = value.conditions
    assert (warning.test.source, critical.test.source) == ("x < 900", "x < 500")
    assert critical.script == "stop" and not warning.script
    assert warning.clear is not None
    assert not warning.clear.holds({"x": 909.0})
    assert warning.clear.holds({"x": 910.0})
    (said,) = report.warnings
    assert "enabled: true, period: 5 is taken" in said.text
    assert said.place.line == 4 if name.endswith("yaml") else said.place.line == 3


def test_an_on_change_value_without_a_timeout_is_doubtful(tmp_path: Path) -> None:
    _, report = read(
        tmp_path, "- {name: E, device: e, values: [{name: t, enabled: true, period: on_change}]}\n"
    )
    assert "timeout: 60 is taken" in report.warnings[0].text


def test_a_bare_list_and_the_default_of_the_installed_dialect(tmp_path: Path) -> None:
    spec, report = read(tmp_path, "- {name: Env, device: env, values: [{name: t}]}\n")
    assert spec is not None and spec.port == 8100
    (value,) = spec.values
    assert (value.enabled, value.period_s, value.attribute) == (False, 60.0, "get")
    assert "enabled: false, period: 60 is taken" in report.warnings[0].text


def test_yaml_goes_before_xml(tmp_path: Path) -> None:
    (tmp_path / "dashboard.xml").write_text(INSTALLED_XML)
    spec, report = read(tmp_path, INSTALLED)
    assert spec is not None and spec.place.file == "dashboard.yaml"
    assert [str(p) for p in report.warnings] == [
        "dashboard.xml:0: warning: is not read: dashboard.yaml goes first; delete one"
    ]


@pytest.mark.parametrize(
    "conditional",
    [
        '[warning, {teststr: "x>30"}]',
        '{level: warn, test: "x>30"}',
        '{severity: 10, teststr: "x>30"}',
        '{warning: {teststr: "x>30"}}',
        '{warning: "x>30"}',
    ],
)
def test_other_forms_of_a_conditional(tmp_path: Path, conditional: str) -> None:
    text = f"- name: E\n  device: e\n  values:\n    - name: t\n      conditionals: [{conditional}]\n"
    spec, report = read(tmp_path, text)
    assert spec is not None, problems(report)
    (condition,) = spec.values[0].conditions
    assert (condition.level, condition.test.source) == (Level.WARNING, "x>30")


EVERYTHING_WRONG = """\
port: many
devices:
  - device: env
    values:
      - units: C
      - {name: a, period: 0}
      - {name: b, threshold: small}
      - {name: c, timeout: -1}
      - {name: d, tag: ""}
      - {name: e, tag: pychron}
      - {name: f, conditionals: [[10, {nfail: 2}]]}
      - {name: g, conditionals: [[10, {teststr: "__import__('os')"}]]}
      - {name: h, conditionals: [[15, {teststr: "x>1"}]]}
      - {name: i, conditionals: [[10, x>1, 3]]}
      - {name: j, conditionals: [[20, {teststr: "x>1", script: gone}]]}
      - {name: k, conditionals: [[10, {teststr: "x>1", emails: nobody}]]}
      - {name: l, conditionals: [[10, {teststr: "x>1 and x<3", hysteresis: 2}]]}
      - {name: a}
      - {name: m, threshold: {comparator: ">"}}
      - {name: n, perod: 5}
      - {name: o, conditionals: [[10, {teststr: "x>1"}], [20, {teststr: "x>1"}]]}
  - name: Empty
"""


def test_every_problem_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "dashboard.yaml").write_text(EVERYTHING_WRONG)
    report = Report(tmp_path)
    assert read_dashboard(tmp_path, report, lambda script: "there is no such script") is None
    found = problems(report)
    for line, words in (
        (1, "port: 'many' is not a whole number"),
        (3, "has no name that people see"),
        (5, "a value has no name"),
        (6, "period: 0 is out of range"),
        (7, "threshold: 'small' is not a number"),
        (8, "timeout: -1 is out of range"),
        (9, "its tag is empty"),
        (10, "the tag 'pychron' belongs to other messages"),
        (11, "a condition has no test"),
        (12, "__import__('os') is not allowed"),
        (13, "'15' is no level"),
        (14, "write a pair such as"),
        (15, "script gone: there is no such script"),
        (16, "'nobody' is no e-mail address"),
        (17, "hysteresis needs a test such as x>30"),
        (18, "stands twice, first in line 6"),
        (19, "says neither warning nor critical"),
        (20, "perod is not a known key; did you mean period?"),
        (21, "the test x>1 stands twice"),
        (22, "has no values"),
    ):
        assert any(p.startswith(f"dashboard.yaml:{line}: ") and words in p for p in found), (line, found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("hello", "write devices:"),
        ("devices: 3", "write a list"),
        ("port: 8100", "there is no devices:"),
        ("devices: []", "there is no device"),
        ("devices: [3]", "write keys such as name"),
        ("a: [", "cannot be read as YAML"),
    ],
)
def test_documents_without_a_dashboard(tmp_path: Path, text: str, words: str) -> None:
    spec, report = read(tmp_path, text)
    assert spec is None
    assert any(words in p for p in problems(report)), problems(report)


def test_no_file_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    report = Report(tmp_path)
    assert read_dashboard(tmp_path, report) is None
    assert "disable DashboardServer" in problems(report)[0]


def test_a_misspelt_list_is_told(tmp_path: Path) -> None:
    _, report = read(tmp_path, "devcies: []\ndevices: [{name: E, vaules: []}]\n")
    assert [p.split("; ")[-1] for p in problems(report) if "did you mean" in p] == [
        "did you mean devices?",
        "did you mean values?",
    ]


def test_a_tag_that_begins_another_one_is_doubtful(tmp_path: Path) -> None:
    text = "- {name: E, device: e, values: [{name: a, tag: T}, {name: b, tag: Tb}]}\n"
    _, report = read(tmp_path, text)
    assert any("the tag Tb begins with the tag T" in p.text for p in report.warnings)


_WORDS = st.sampled_from(
    ["name", "device", "values", "conditionals", "threshold", "period", "x>1", "10", "on_change", "", "true"]
)
_TREES = st.recursive(
    _WORDS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(_WORDS.filter(bool), inner, max_size=4)
    ),
    max_leaves=25,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(_TREES)
def test_any_document_gives_a_dashboard_or_errors(tmp_path: Path, tree: object) -> None:
    import json

    spec, report = read(tmp_path, json.dumps({"devices": tree}))
    assert (spec is None) == bool(report.errors)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["dashboard.yaml", "dashboard.xml"]))
def test_any_bytes_give_a_dashboard_or_errors(tmp_path: Path, data: bytes, name: str) -> None:
    for old in ("dashboard.yaml", "dashboard.xml"):
        (tmp_path / old).unlink(missing_ok=True)
    (tmp_path / name).write_bytes(data)
    report = Report(tmp_path)
    spec = read_dashboard(tmp_path, report)
    assert (spec is None) == bool(report.errors)
