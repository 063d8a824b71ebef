"""A real `twistd pycrunch` between a bare git repository, plain git, and plain pyzmq as the pyexperiment."""

import json
import signal
import socket
import time
from pathlib import Path

import pytest
import zmq
from click.testing import CliRunner

from pychron.cli.main import main
from tests.dvc.making import Files, analysis, committed, git, metadata
from tests.pipeline.laboratory import stamp, uuid_of
from tests.system.twistd_process import LIMIT_S, Foreground, hold_port, until

READY = "every part is set up"
SEED = """\
<root>
<globals>
<plugin enabled="true">DVC</plugin>
<plugin enabled="true">GitHub</plugin>
</globals>
<plugins>
<general>
<plugin enabled="true">Database</plugin>
<plugin enabled="true">Pipeline</plugin>
<plugin enabled="true">DashboardClient</plugin>
</general>
</plugins>
</root>
"""


class Experiment:
    """What a pyexperiment does, without any of ours: it commits to the origin and says RunAdded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.context = zmq.Context()
        self.publisher = self.context.socket(zmq.PUB)
        self.publisher.setsockopt(zmq.LINGER, 0)
        with hold_port() as held:
            self.port = held.getsockname()[1]
        self.publisher.bind(f"tcp://127.0.0.1:{self.port}")
        first = Files(analysis(1, identifier="70001", timestamp=stamp(4)))
        first.write(folder / "work")
        committed(folder / "work")
        git(folder, "clone", "--quiet", "--bare", "work", "NM-1.git")
        git(folder / "work", "remote", "add", "origin", str(folder / "NM-1.git"))
        metadata().write(folder / "meta")
        committed(folder / "meta", "Labnumber Entry Save")

    def measure(self, seed, hour, push=True, **changes):
        """Commit an analysis, and push it."""
        analysis(seed, identifier="70001", timestamp=stamp(hour), **changes).write(self.folder / "work")
        committed(self.folder / "work", "<COLLECTION>")
        if push:
            git(self.folder / "work", "push", "--quiet", "origin", "main")
        return uuid_of(seed)

    def say(self, uuid):
        self.publisher.send_string(f"RunAdded {uuid}")

    def close(self):
        self.publisher.close()
        self.context.term()


class Crunch:
    """The node, and a plain subscriber of it."""

    def __init__(self, folder: Path, experiment: Experiment, poll=60) -> None:
        self.folder = folder
        self.root = folder / "root"
        with hold_port() as held:
            self.port = held.getsockname()[1]
        if not self.root.exists():
            made = CliRunner().invoke(main, ["init", "crunch", str(self.root)])
            assert made.exit_code == 0, made.output
            git(self.root / "data", "clone", "--quiet", str(experiment.folder / "meta"), "MetaData")
            git(
                self.root / "data" / "repositories",
                "clone",
                "--quiet",
                str(experiment.folder / "NM-1.git"),
                "NM-1",
            )
            (self.root / "setupfiles" / "pipeline.yaml").write_text(
                f"host: 127.0.0.1\nport: {experiment.port}\npoll: {poll}\n"
            )
            (self.root / "setupfiles" / "dvc.yaml").write_text(
                "meta: data/MetaData\nrepositories: data/repositories\npull_timeout: 20\n"
            )
        self.context = zmq.Context()
        self.heard = []
        self.node = None

    def start(self):
        self.subscriber = self.context.socket(zmq.SUB)
        self.subscriber.setsockopt(zmq.LINGER, 0)
        self.subscriber.setsockopt(zmq.SUBSCRIBE, b"pychron ")
        self.subscriber.connect(f"tcp://127.0.0.1:{self.port}")
        self.node = Foreground(
            self.folder, "pycrunch", "--root", str(self.root), "--port", "0", "--publish-port", str(self.port),
            "--web-port", "0",
        )  # fmt: skip
        self.node.wait_for(READY)
        return self

    def wait_for(self, kind, condition=lambda payload: True, limit_s=LIMIT_S):
        """The payload of the next such broadcast."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            assert self.node.process.poll() is None, self.node.text()
            if not self.subscriber.poll(200):
                continue
            message = json.loads(self.subscriber.recv().partition(b" ")[2])
            self.heard.append(message)
            if message["kind"] == kind and condition(message["payload"]):
                return message["payload"]
        raise AssertionError(f"no {kind} within {limit_s} s; heard {self.heard}\n{self.node.text()}")

    def snapshot(self):
        request = self.context.socket(zmq.REQ)
        request.setsockopt(zmq.LINGER, 0)
        request.setsockopt(zmq.RCVTIMEO, 10_000)
        request.connect(f"tcp://127.0.0.1:{self.port + 1}")
        request.send(b"snapshot")
        found = json.loads(request.recv())
        request.close()
        return found["state"]["reduction"]

    def settled(self):
        """Until the first look is over."""
        until(lambda: self.snapshot()["running_sample"] is not None, "the first look")
        return self

    def kill(self):
        self.node.process.send_signal(signal.SIGKILL)
        self.node.process.wait()
        self.subscriber.close()

    def close(self):
        if self.node is not None:
            self.node.stop()
        self.subscriber.close()
        self.context.term()


@pytest.fixture
def experiment(tmp_path):
    made = Experiment(tmp_path)
    yield made
    made.close()


@pytest.fixture
def crunch(tmp_path, experiment):
    made = Crunch(tmp_path, experiment)
    yield made
    made.close()


def announce_until_heard(experiment, crunch, uuid):
    """PUB drops what nobody subscribes to yet, so say it again until it is answered."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        experiment.say(uuid)
        try:
            return crunch.wait_for("reduced", lambda p: p["uuid"] == uuid, limit_s=2)
        except AssertionError:
            assert crunch.node.process.poll() is None, crunch.node.text()
    raise AssertionError(crunch.node.text())


def test_an_announced_analysis_has_its_age_published_and_nothing_is_committed(experiment, crunch):
    crunch.start().settled()
    uuid = experiment.measure(2, 5)
    told = announce_until_heard(experiment, crunch, uuid)
    asked = CliRunner().invoke(main, ["age", "--root", str(crunch.root), "--identifier", uuid, "--json"])
    (expected,) = json.loads(asked.stdout)
    assert told["age_ma"] == pytest.approx(expected["age_ma"], rel=1e-12)
    assert told["age_err"] == pytest.approx(expected["age_err"], rel=1e-12)
    head = git(experiment.folder / "NM-1.git", "rev-parse", "main")
    assert told["commit"] == head
    clone = crunch.root / "data" / "repositories" / "NM-1"
    assert git(clone, "rev-parse", "HEAD") == head
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "log", "--format=%s", "-1") == "<COLLECTION>"
    crunch.wait_for("running_sample")
    running = crunch.snapshot()["running_sample"]
    assert [one["uuid"] for one in running["analyses"]] == [uuid_of(1), uuid]
    assert {one["repository"]: one["state"] for one in crunch.snapshot()["repositories"]} == {
        "NM-1": "current", "MetaData": "current",
    }  # fmt: skip
    assert "Traceback" not in crunch.node.text()


def test_an_analysis_that_is_announced_before_it_is_pushed_is_found_when_it_comes(experiment, crunch):
    crunch.start().settled()
    uuid = experiment.measure(2, 5, push=False)
    announced = experiment.measure(3, 6, push=False)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        experiment.say(announced)
        time.sleep(0.2)
    git(experiment.folder / "work", "push", "--quiet", "origin", "main")
    told = crunch.wait_for("reduced", lambda p: p["uuid"] == announced)
    assert told["age_ma"] > 0
    assert any(m["kind"] == "reduced" and m["payload"]["uuid"] == uuid for m in crunch.heard)


def test_a_killed_pycrunch_catches_up(experiment, crunch):
    crunch.start().settled()
    told = announce_until_heard(experiment, crunch, experiment.measure(2, 5))
    until(
        lambda: told["commit"] in (crunch.root / ".appdata" / "pycrunch" / "followed.json").read_text(),
        "it is remembered",
    )
    crunch.kill()
    missed = [experiment.measure(seed, hour) for seed, hour in ((3, 6), (4, 6.5))]
    crunch.heard.clear()
    crunch.start()
    crunch.wait_for("reduced", lambda p: p["uuid"] == missed[1])
    told = [m["payload"]["uuid"] for m in crunch.heard if m["kind"] == "reduced"]
    assert told == missed, "what was published before the kill is not published again"
    crunch.settled()
    assert len(crunch.snapshot()["running_sample"]["analyses"]) == 4


def test_a_new_j_publishes_the_ages_that_it_moves(experiment, tmp_path):
    crunch = Crunch(tmp_path, experiment, poll=0.5)
    try:
        crunch.start().settled()
        level = experiment.folder / "meta" / "TEST-001" / "A.json"
        document = json.loads(level.read_text())
        document["positions"][0]["j"] *= 1.01
        level.write_text(json.dumps(document))
        commit = committed(experiment.folder / "meta", "fit flux for TEST-001A")
        told = crunch.wait_for("reduced", lambda p: p["uuid"] == uuid_of(1))
        assert told["age_ma"] > 0
        assert git(crunch.root / "data" / "MetaData", "rev-parse", "HEAD") == commit
    finally:
        crunch.close()


def test_each_way_a_repository_can_stand_is_a_state_with_its_remedy(experiment, tmp_path):
    crunch = Crunch(tmp_path, experiment, poll=0.5)
    clone = crunch.root / "data" / "repositories" / "NM-1"
    try:
        crunch.start().settled()
        origin = experiment.folder / "NM-1.git"
        origin.rename(experiment.folder / "away.git")
        told = crunch.wait_for(
            "repository", lambda p: p["repository"] == "NM-1" and p["state"] == "unreached"
        )
        assert "does not appear to be a git repository" in told["why"] or "not found" in told["why"]
        (experiment.folder / "away.git").rename(origin)
        crunch.wait_for("repository", lambda p: p["repository"] == "NM-1" and p["state"] == "current")
        mine = clone / "mine.md"
        mine.write_text("mine")
        mine_commit = committed(clone, "mine")
        assert "git push" in crunch.wait_for("repository", lambda p: p["state"] == "ahead")["why"]
        experiment.measure(2, 5)
        assert (
            "merge them by hand" in crunch.wait_for("repository", lambda p: p["state"] == "diverged")["why"]
        )
        assert git(clone, "rev-parse", "HEAD") == mine_commit, "nothing is discarded"
        git(clone, "branch", "--unset-upstream")
        crunch.wait_for("repository", lambda p: p["repository"] == "NM-1" and p["state"] == "local")
        (crunch.root / "data" / "MetaData").rename(tmp_path / "aside")
        told = crunch.wait_for(
            "repository", lambda p: p["repository"] == "MetaData" and p["state"] == "absent"
        )
        assert "clone the repository there" in told["why"]
        told = crunch.wait_for("reduced", lambda p: p["uuid"] == uuid_of(1))
        assert told["age_ma"] is None
        assert [flag["code"] for flag in told["flags"] if flag["fatal"]] == ["no_metadata"]
    finally:
        crunch.close()


def test_an_uncommitted_change_stays_and_is_a_state(experiment, tmp_path):
    crunch = Crunch(tmp_path, experiment, poll=0.5)
    clone = crunch.root / "data" / "repositories" / "NM-1"
    blanks = next(clone.rglob("*.blan.json"))
    try:
        crunch.start().settled()
        blanks.write_text("half an edit")
        theirs = experiment.folder / "work" / blanks.relative_to(clone)
        theirs.write_text(theirs.read_text().replace("previous", "Average"))
        committed(experiment.folder / "work", "<BLANKS>")
        git(experiment.folder / "work", "push", "--quiet", "origin", "main")
        told = crunch.wait_for("repository", lambda p: p["state"] == "changed")
        assert "commit or set aside what was changed by hand" in told["why"]
        assert blanks.read_text() == "half an edit"
        git(clone, "checkout", "--", ".")
        crunch.wait_for("repository", lambda p: p["repository"] == "NM-1" and p["state"] == "current")
        assert git(clone, "rev-parse", "HEAD") == git(experiment.folder / "NM-1.git", "rev-parse", "main")
    finally:
        crunch.close()


def test_a_remote_that_never_answers_is_ended_by_its_deadline_and_the_others_go_on(experiment, tmp_path):
    crunch = Crunch(tmp_path, experiment, poll=0.5)
    repositories = crunch.root / "data" / "repositories"
    (crunch.root / "setupfiles" / "dvc.yaml").write_text(
        "meta: data/MetaData\nrepositories: data/repositories\npull_timeout: 1\n"
    )
    git(repositories, "clone", "--quiet", "NM-1", "A-hangs")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        git(
            repositories / "A-hangs",
            "remote",
            "set-url",
            "origin",
            f"git://127.0.0.1:{silent.getsockname()[1]}/x",
        )
        try:
            crunch.start().settled()
            told = crunch.wait_for("repository", lambda p: p["repository"] == "A-hangs")
            assert (told["state"], "no end after 1 s" in told["why"]) == ("unreached", True)
            uuid = experiment.measure(2, 5)
            assert crunch.wait_for("reduced", lambda p: p["uuid"] == uuid)["repository"] == "NM-1"
        finally:
            crunch.close()


def test_the_initialization_of_the_seed_starts_word_for_word(experiment, tmp_path):
    crunch = Crunch(tmp_path, experiment)
    (crunch.root / "setupfiles" / "initialization.xml").write_text(SEED)
    try:
        crunch.start().settled()
        assert "DVC" not in "".join(line for line in crunch.node.text().splitlines() if "error" in line)
    finally:
        crunch.close()
