"""A root becomes a node: the same preparation in the virtual world as under twistd."""

import pytest

from pychron.node.plugins import BUILT_IN
from pychron.node.preparation import RootRefused, prepare
from pychron.runtime.plugin import Options
from pychron.simulation.virtual_lab import VirtualLab
from pychron.simulation.virtual_trace import first_difference
from tests.system.twistd_process import NOTHING, add_notifier_port, make_root

BROADCAST = {"Broadcast": BUILT_IN["Broadcast"]}


def assemble(options, world, emulate, failed):
    return prepare(options, world, emulate=emulate, set_up_failed=failed, table=BROADCAST)


def laboratory(folder, seed=1):
    lab = VirtualLab(seed, folder, assemble)
    lab.add_host("one", "10.0.0.1")
    lab.add_host("two", "10.0.0.2")
    for host in ("one", "two"):
        root = make_root(lab.directory(host) / "root")
        add_notifier_port(root, 5555, "host: 0.0.0.0\n")
    return lab


def start(lab, host, **options):
    return lab.start_node("crunch", lab.directory(host) / "root", host, **options)


def test_a_root_becomes_a_node_in_a_virtual_laboratory(tmp_path):
    lab = laboratory(tmp_path)
    node = start(lab, "one")
    lab.result(node.service.when_ready())
    assert [part.name for part in node.service.parts] == ["Broadcast"]
    assert [(said.host, said.port) for said in node.service.listens] == [("0.0.0.0", 5555), ("0.0.0.0", 5556)]
    context = node.service.parts[0].context
    assert context.config.node_name == context.node_name == "pycrunch"
    assert context.state_folder.is_dir()
    lab.result(lab.stop(node))
    assert node.service.state == "stopped"
    lab.close()


def test_two_nodes_hear_each_other_and_a_seed_twice_gives_equal_traces(tmp_path):
    traces = []
    for run in ("a", "b"):
        lab = laboratory(tmp_path / run)
        one, two = start(lab, "one"), start(lab, "two")
        heard = []
        two.world.zmq.subscription("10.0.0.1", 5555, (b"",), heard.append)
        lab.advance(10)
        lab.cut("one", "two")
        lab.advance(10)
        lab.kill(one)
        lab.mend("one", "two")
        start(lab, "one")
        lab.advance(10)
        assert heard
        lab.trace.note("heard", *heard)
        lab.close()
        traces.append(lab.trace)
    assert first_difference(traces[0].entries, traces[1].entries) == ""


def test_a_port_that_is_taken_meanwhile_fails_the_set_up(tmp_path):
    lab = laboratory(tmp_path)
    first = start(lab, "one")
    lab.result(first.service.when_ready())
    second = start(lab, "one")
    lab.advance(1)
    assert second.failure is not None
    assert "5555" in str(second.failure.value)
    assert not second.alive
    assert first.alive
    lab.close()


@pytest.fixture
def world(tmp_path):
    """Any world; and a check that nothing was begun in it."""
    lab = VirtualLab(1, tmp_path / "lab", lambda options, world, emulate, failed: Idle(world))
    lab.add_host("host")
    node = lab.start_node("crunch", tmp_path, "host")
    lab.advance(1)
    yield node.world
    assert node.process.clock.getDelayedCalls() == []
    lab.close()


class Idle:
    """A service that does nothing."""

    def __init__(self, world):
        self.bus = self

    def subscribe(self, *args, **kw):
        """No bus."""

    def startService(self):
        """Nothing."""


def refused(root, world, table=BROADCAST, **options):
    with pytest.raises(RootRefused) as caught:
        prepare(Options(root, "crunch", **options), world, table=table)
    return caught.value


def test_a_faulty_file_refuses_the_root_with_all_its_problems(tmp_path, world):
    root = make_root(tmp_path / "root")
    add_notifier_port(root, "many")
    problem = refused(root, world)
    assert [str(p).partition(": error: ")[0] for p in problem.report.errors] == [
        "setupfiles/servers/notifier.yaml:1"
    ]
    assert problem.lenient_helps


def test_no_root_is_refused_whatever_is_said(tmp_path, world):
    assert not refused(tmp_path / "none", world, lenient=True).lenient_helps


def test_a_plugin_that_cannot_be_had_is_an_error_of_its_line(tmp_path, world):
    said = NOTHING.replace("<general/>", '\n<general>\n<plugin enabled="true">DVC</plugin>\n</general>')
    root = make_root(tmp_path / "root", said)
    table = {
        **BROADCAST,
        "DVC": type(BUILT_IN["Broadcast"])("a_library_that_nobody_has", "DVC", "experiment"),
    }
    (error,) = refused(root, world, table=table).report.errors
    assert error.place.line == 3
    assert "pip install 'pychron-twisted[experiment]'" in error.text


def test_simulation_by_the_file_marks_the_world(tmp_path, world):
    said = (
        "<root><globals><communication_simulation>true</communication_simulation></globals><plugins/></root>"
    )
    service = prepare(
        Options(make_root(tmp_path / "root", said), "crunch"),
        world,
        emulate=lambda: "emulators",
        table=BROADCAST,
    )
    context = service.parts[0].context
    assert context.options.simulated
    assert (context.world.simulated, context.world.emulators) == (True, "emulators")
    assert context.state_folder.name == "pycrunch-simulated"
