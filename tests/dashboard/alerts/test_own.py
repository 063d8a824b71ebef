"""What the conditions of dashboard.yaml ask for by themselves: their script, their addresses."""

from pathlib import Path

from pychron.config.problems import Place, Report
from pychron.dashboard.alerts.own import with_own
from pychron.dashboard.alerts.specs import Action, AlertsSpec, Mail, Webhook
from pychron.dashboard.dashboard_file import read_dashboard
from pychron.dashboard.specs import DashboardSpec

PLACE = Place("alerts.yaml", 2)
MAIL = Mail("mail", ("lab@x.y",), "node@x.y", "mail.x.y", 587, "starttls", "node", "secret.txt", PLACE)
PHONE = Webhook("phone", "https://x.y/", "plain", PLACE)
FILE = """\
- name: Env
  device: env
  values:
    - name: t
      enabled: true
      conditionals:
        - [10, {teststr: "x>30", emails: "a@b.c, d@e.f", script: warn}]
        - [20, {teststr: "x>40", script: shutdown}]
    - {name: off, enabled: false, conditionals: [[20, {teststr: "x>1", script: never, emails: a@b.c}]]}
"""


def dashboard(folder: Path) -> DashboardSpec:
    (folder / "dashboard.yaml").write_text(FILE)
    spec = read_dashboard(folder, Report(folder))
    assert spec is not None
    return spec


def test_addresses_are_told_by_the_first_mail_channel(tmp_path: Path) -> None:
    report = Report()
    before = AlertsSpec({"phone": PHONE, "mail": MAIL})
    spec = with_own(before, dashboard(tmp_path), report)
    name = "e-mail to a@b.c, d@e.f"
    assert list(spec.channels) == ["phone", "mail", name]
    own = spec.channels[name]
    assert isinstance(own, Mail)
    assert (own.to, own.host, own.user, own.password_file) == (
        ("a@b.c", "d@e.f"),
        "mail.x.y",
        "node",
        "secret.txt",
    )
    assert spec.told == {"Env.t.x>30": (name,)}
    assert (list(before.channels), report.problems) == (["phone", "mail"], [])


def test_addresses_without_a_mail_channel_are_told_by_line(tmp_path: Path) -> None:
    report = Report()
    spec = with_own(AlertsSpec({"phone": PHONE}), dashboard(tmp_path), report)
    assert (list(spec.channels), spec.told) == (["phone"], {})
    (said,) = report.warnings
    assert said.place.line == 7
    assert "Env.t.x>30: nobody gets its emails" in said.text


def test_the_script_of_a_critical_condition_is_an_action_that_holds_the_queue(tmp_path: Path) -> None:
    spec = with_own(AlertsSpec(), dashboard(tmp_path), Report())
    (action,) = spec.actions
    assert (action.condition, action.script, action.hold_queue, action.moves) == (
        "Env.t.x>40",
        "shutdown",
        True,
        True,
    )


def test_a_script_that_alerts_yaml_names_too_runs_once(tmp_path: Path) -> None:
    said = Action("Env.t.x>40", False, ("A",), (), "shutdown", PLACE)
    assert with_own(AlertsSpec(actions=(said,)), dashboard(tmp_path), Report()).actions == (said,)


def test_without_a_dashboard_nothing_is_added() -> None:
    spec = AlertsSpec({"mail": MAIL})
    assert with_own(spec, None, Report()) is spec
