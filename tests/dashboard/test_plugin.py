"""The two plugins in nodes of a virtual laboratory: a malformed file costs the dashboard and nothing else."""

import pytest

from pychron.cli.init import root_files
from pychron.dashboard.alerts.plugin import IAlerts
from pychron.dashboard.events import ValueState
from pychron.dashboard.interfaces import IDashboard, IDashboardClient
from pychron.extraction_line.errors import NotPermitted
from pychron.extraction_line.interfaces import Command, IExtractionLine
from pychron.extraction_line.states import Action
from pychron.node.checking import check_node
from pychron.node.preparation import prepare
from pychron.node.root import blocking
from pychron.rpc.interfaces import IVerbs
from pychron.rpc.verbs import Call
from pychron.simulation.emulators import Instruments
from pychron.simulation.virtual_lab import VirtualLab
from pychron.trust.rights import Peer, Right
from tests.system.twistd_process import make_root

SERVER = '<plugin enabled="true">DashboardServer</plugin>'
CLIENT = (
    '<root><plugins><general><plugin enabled="true">DashboardClient</plugin></general></plugins></root>\n'
)
DASHBOARD = """\
host: 0.0.0.0
devices:
  - name: Line
    device: extraction_line
    values:
      - {name: A, enabled: true, period: on_change, timeout: 60,
         conditionals: [[critical, {teststr: x == 1, guidance: Close it.}]]}
  - name: Env
    device: environmental_monitor
    values:
      - {name: temperature, func_name: get_temperature, enabled: true, period: 5, units: C}
"""


def assemble(options, world, emulate, failed):
    return prepare(options, world, emulate=emulate, set_up_failed=failed)


def valve_root(folder, dashboard=DASHBOARD, simulated=True):
    for name, text in root_files("valve", simulated=simulated).items():
        if name.endswith("initialization.xml"):
            text = text.replace('<plugin enabled="false">DashboardServer</plugin>', SERVER)
            assert SERVER in text
        if name.endswith("dashboard.yaml"):
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    if dashboard:
        (folder / "setupfiles" / "dashboard.yaml").write_text(dashboard, "utf-8")
    return folder


@pytest.fixture
def lab(tmp_path):
    instruments = {}

    def emulators(host, wire):
        if host not in instruments:
            instruments[host] = Instruments(wire)
        return instruments[host].for_node(wire)

    lab = VirtualLab(1, tmp_path, assemble, emulators)
    lab.add_host("valves", "10.0.0.1")
    lab.add_host("office", "10.0.0.2")
    yield lab
    lab.close()


def start_valve(lab, **more):
    node = lab.start_node("valve", valve_root(lab.directory("valves") / "root", **more), "valves")
    lab.result(node.service.when_ready())
    return node


def actuate(lab, node, action):
    peer = Peer("10.0.0.1", right=Right.OPERATE)
    line = node.service.offers(IExtractionLine)
    command = Command("A", action, peer, node.world.wire.seconds())
    lab.result(line.actuate(command))


def test_values_of_the_line_and_of_instruments_reach_a_client_on_another_node(lab):
    root = make_root(lab.directory("office") / "root", CLIENT)
    (root / "setupfiles" / "dashboard_client.yaml").write_text("host: 10.0.0.1\nuse_dashboard_client: true\n")
    office = lab.start_node("crunch", root, "office")
    lab.result(office.service.when_ready())
    lab.advance(5)
    client = office.service.offers(IDashboardClient)
    assert "has not been heard yet" in client.error()
    valves = start_valve(lab)
    assert lab.until(lambda: client.error() == "" and len(client.values()) == 2, 20)
    values = {view.name: view for view in client.values()}
    assert values["Line.A"].value == 0.0
    assert values["Env.temperature"].state is ValueState.LIVE
    assert 0 <= values["Env.temperature"].value <= 1
    counters = {name: count() for name, count in valves.service.counters.items() if "dashboard" in name}
    assert counters["dashboard_value_Line.A"] == 0.0
    assert counters["dashboard_value_Env.temperature"] == values["Env.temperature"].value
    assert (counters["dashboard_up"], counters["dashboard_values_missing"]) == (1, 0)
    assert office.service.counters["followed_10.0.0.1:8100_up"]() == 1
    actuate(lab, valves, Action.OPEN)
    assert lab.until(lambda: client.value("Line.A").value == 1.0, 2)
    assert lab.until(lambda: "Line.A.x == 1" in client.error(), 2)
    actuate(lab, valves, Action.CLOSE)
    assert lab.until(lambda: client.error() == "", 2)
    lab.kill(valves)
    assert lab.until(lambda: client.value("Line.A").state is ValueState.STALE, 10)
    assert lab.until(lambda: client.value("Line.A").state is ValueState.LOST, 40)
    assert "has been silent" in client.error()
    assert office.service.counters["followed_10.0.0.1:8100_up"]() == 0


def test_a_malformed_file_costs_the_dashboard_and_the_node_runs(lab):
    node = start_valve(lab, dashboard="devices:\n  - name: Env\n    values:\n      - {name: t, perod: 5}\n")
    dashboard = node.service.offers(IDashboard)
    assert dashboard.values() == () and dashboard.spec() is None
    (fault,) = dashboard.faults()
    assert fault == "setupfiles/dashboard.yaml:4: Env.t: perod is not a known key; did you mean period?"
    assert node.service.counters["dashboard_up"]() == 0
    assert lab.until(lambda: str(node.service.offers(IExtractionLine).view("A").state) == "closed", 20)


def test_no_file_costs_the_dashboard_too(lab):
    node = start_valve(lab, dashboard="")
    assert "no such file" in node.service.offers(IDashboard).faults()[0]


def test_check_reports_the_file_and_says_that_the_node_starts(tmp_path):
    root = valve_root(tmp_path / "root", dashboard="port: x\ndevices: 3\n")
    config, report = check_node(root, None)
    assert config is not None
    lines = [str(problem) for problem in report.sorted() if problem.severity == "error"]
    assert lines == [
        "setupfiles/dashboard.yaml:0: error: the dashboard is not started for 3 errors; the rest of the node runs",
        "setupfiles/dashboard.yaml:0: error: there is no device; write at least one",
        "setupfiles/dashboard.yaml:1: error: dashboard: port: 'x' is not a whole number; write one such as 8100",
        "setupfiles/dashboard.yaml:2: error: devices: write a list, each item after a hyphen",
    ]
    assert blocking(report, lenient=False) == []


def test_check_says_which_value_cannot_be_read_and_why(tmp_path):
    text = DASHBOARD.replace("name: A", "name: Z").replace("environmental_monitor", "switch_controller")
    text += "  - {name: Gone, device: gone, values: [{name: x, enabled: true, period: 1}]}\n"
    root = valve_root(tmp_path / "root", dashboard=text, simulated=False)
    _, report = check_node(root, None)
    found = [str(p) for p in report.warnings if "cannot be read" in p.text]
    assert len(found) == 3, found
    assert found[0].startswith(
        "setupfiles/dashboard.yaml:6: warning: Line.Z cannot be read and is in error: the line has"
    )
    assert "setupfiles/devices/switch_controller.yaml" in found[1]
    assert "there is no device file devices/gone.yaml" in found[2]


def test_a_script_must_be_there_and_be_readable(tmp_path):
    text = DASHBOARD.replace("guidance: Close it.", "script: shutdown")
    root = valve_root(tmp_path / "root", dashboard=text)
    scripts = root / "scripts" / "extraction"
    scripts.mkdir(parents=True, exist_ok=True)

    def errors():
        return [p.text for p in check_node(root, None)[1].errors]

    assert any("script shutdown: there is no scripts/extraction/shutdown.py" in e for e in errors())
    (scripts / "shutdown.py").write_text("def main(:\n")
    assert any("shutdown.py:1 cannot be read" in e for e in errors())
    (scripts / "shutdown.py").write_text("def main():\n    close('A')\n")
    assert errors() == []


def test_a_permit_and_get_pressure_look_at_what_the_dashboard_reads(lab):
    root = valve_root(lab.directory("valves") / "root")
    valves = root / "setupfiles" / "extractionline" / "valves.yaml"
    text = valves.read_text()
    mark = "- name: A\n"
    assert text.count(mark) == 1
    valves.write_text(text.replace(mark, mark + "  permit: Env.temperature > 2\n"))
    node = lab.start_node("valve", root, "valves")
    lab.result(node.service.when_ready())
    line = node.service.offers(IExtractionLine)
    assert lab.until(lambda: str(line.view("A").state) == "closed", 20)
    with pytest.raises(NotPermitted, match="does not hold now"):
        actuate(lab, node, Action.OPEN)
    verb = node.service.offers(IVerbs).get("GetPressure")
    told = verb.handler(Call("GetPressure", "Env,temperature", Peer("10.0.0.1"), 0.0))
    assert told == node.service.offers(IDashboard).value("Env.temperature").value
    again = verb.handler(Call("GetPressure", "environmental_monitor,get_temperature", Peer("10.0.0.1"), 0.0))
    assert again == told


@pytest.mark.parametrize(
    ("permit", "said"),
    [
        (
            "Env.temprature > 2",
            "needs Env.temprature, which is no value of dashboard.yaml; did you mean Env.temperature?",
        ),
        ("Line.A == 0", "needs Line.A, which is no value of dashboard.yaml"),
        ("environmental_monitor.get_temperature > 2", ""),
    ],
)
def test_a_permit_on_what_nothing_reads_is_told_by_check(permit, said, tmp_path):
    root = valve_root(tmp_path / "root")
    valves = root / "setupfiles" / "extractionline" / "valves.yaml"
    valves.write_text(valves.read_text().replace("- name: A\n", f"- name: A\n  permit: {permit}\n"))
    _, report = check_node(root, None)
    found = [problem for problem in report.errors if problem.code == "permit"]
    assert [said in problem.text for problem in found] == ([True] if said else [])
    assert all(problem.place.line for problem in found)
    assert [problem.touches for problem in found] == ([("A",)] if said else [])
    server = root / "setupfiles" / "initialization.xml"
    server.write_text(server.read_text().replace(SERVER, ""))
    _, report = check_node(root, None)
    (problem,) = [one for one in report.errors if one.code == "permit"]
    assert "needs gauges, which DashboardServer reads" in problem.text


def test_dashboard_simulation_is_not_obeyed(tmp_path):
    root = valve_root(tmp_path / "root")
    path = root / "setupfiles" / "initialization.xml"
    path.write_text(
        path.read_text().replace("<globals>", "<globals>\n<dashboard_simulation>true</dashboard_simulation>")
    )
    _, report = check_node(root, None)
    (said,) = [str(p) for p in report.warnings if p.code == "dashboard_simulation"]
    assert said.startswith("setupfiles/initialization.xml:5: warning: dashboard_simulation is not obeyed")


def test_what_trips_at_the_start_is_heard_by_those_who_are_bound_after(lab):
    """A value that nothing can read trips in the first turn, and the alerts are bound after the dashboard."""
    node = start_valve(lab, dashboard=DASHBOARD.replace("name: A", "name: Z"))
    alerts = node.service.offers(IAlerts)
    assert lab.until(lambda: bool(alerts.standing()), 5)
    (standing,) = alerts.standing()
    assert standing["key"] == "Line.Z.x == 1"
    assert "the line has no switch Z" in standing["why"]
