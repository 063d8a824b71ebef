"""pipeline.yaml: defaults without it, every key read, every fault told where it stands."""

from pychron.config.problems import Report
from pychron.pipeline.settings import read_settings


def read(root, text=None):
    if text is not None:
        (root / "setupfiles").mkdir()
        (root / "setupfiles" / "pipeline.yaml").write_text(text)
    report = Report(root)
    return read_settings(root, report), [str(p) for p in report.sorted()]


def test_without_the_file_nothing_is_followed_and_each_age_takes_the_constant_of_its_j(tmp_path):
    settings, problems = read(tmp_path)
    assert problems == []
    assert (settings.host, settings.port, settings.poll_s) == ("", 5555, 30.0)
    assert settings.arithmetic.follow_j
    assert settings.rules.policy == "flag"


def test_every_key_is_read(tmp_path):
    settings, problems = read(
        tmp_path,
        """\
host: 192.168.1.20
port: 6555
poll: 5
constants: min-2000
convert: true
decay_from_end: yes
chart_points: 20
review:
  slope_pct: 3
  full_scales: [{detector: H1, full_scale: 5e4}]
""",
    )
    assert problems == []
    assert (settings.host, settings.port, settings.poll_s) == ("192.168.1.20", 6555, 5.0)
    one = settings.arithmetic
    assert (one.constants.name, one.follow_j, one.convert, one.from_end) == ("min-2000", False, True, True)
    assert (settings.rules.slope_pct, settings.rules.full_scales) == (3.0, {"H1": 5e4})
    assert settings.chart_points == 20


def test_each_fault_stands_with_its_line(tmp_path):
    _, problems = read(
        tmp_path,
        "hosst: a\nconstants: min-2001\nreview:\n  slope: 3\n  full_scales: [{detector: H1, full_scale: big}]\n",
    )
    assert [p.split(": ")[0] for p in problems] == [f"setupfiles/pipeline.yaml:{n}" for n in (1, 2, 4, 4)]
    assert any("full_scales: could not" in p for p in problems)
    assert any("slope is not an option of ReviewNode" in p for p in problems)


def test_a_list_is_no_settings(tmp_path):
    _, problems = read(tmp_path, "- host\n")
    assert len(problems) == 1
    assert "write keys here" in problems[0]
