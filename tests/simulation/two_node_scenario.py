"""Two nodes, one instrument, a script; the seed draws what goes wrong and when. Judged by the true relays.

Run as a program with a seed it prints the digest of the trace.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol

from pychron.extraction_line.interfaces import IExtractionLine
from pychron.node.preparation import prepare
from pychron.scripting.interfaces import IScriptRuns
from pychron.simulation.virtual_lab import VirtualLab

SEED_XML = (
    """<root><plugins><general><plugin enabled="true">ExtractionLine</plugin></general></plugins></root>\n"""
)
EXPERIMENT_XML = """<root><plugins><general><plugin enabled="true">Experiment</plugin>
<plugin enabled="true">ExtractionLine</plugin></general></plugins></root>\n"""
VALVES = """\
- {name: A, address: 101, description: Inlet, interlock: B, settling_time: 0.2, actuator: ACTUATOR}
- {name: B, address: 102, description: Outlet, interlock: A, actuator: ACTUATOR}
- {name: C, address: 103, description: Pump, actuator: ACTUATOR}
"""
SCRIPT = """\
def main():
    for turn in range(3):
        open('A')
        sleep(0.5)
        close(description='Inlet')
        open('B')
        open('C')
        sleep(0.3)
        close('B')
        close('C')
"""
TIES = (("101", "102"),)


class Scpi(Protocol):
    """An instrument of the test's own: relays that open and close valves, a queue of errors, a fault now and then."""

    def __init__(self, lab, dice):
        self.lab, self.dice = lab, dice
        self.opened = {"101": False, "102": False, "103": False}
        self.violations = []
        self.moves = []
        self.faults = False
        self.enabled = "0"
        self.hangs = 0
        self._buffer = b""
        self._queue = []
        self._hangs = False

    def dataReceived(self, data):
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._queue.append(line.decode("ascii", "replace").strip())
        if not self._hangs:
            self._work()

    def _work(self):
        """In order. Now and then it hangs, and goes on where it was: commands act late, answers come late."""
        self._hangs = False
        while self._queue:
            if self.faults and self.dice.random() < 0.08:
                self._hangs = True
                self.hangs += 1
                self.lab.clock.callLater(self.dice.uniform(0.2, 2.8), self._work)
                return
            self._command(self._queue.pop(0))

    def _command(self, line):
        lost = self.faults and self.dice.random() < 0.03
        turned = re.fullmatch(r"ROUT:(OPEN|CLOSE) \(@(\d+)\)", line)
        asked = re.fullmatch(r"ROUT:OPEN\? \(@([\d,]+)\)", line)
        if line.startswith("*ESE "):
            self.enabled = line[5:]
            return
        if turned:
            if not lost:
                self._turn(turned[2], turned[1] == "OPEN")
            return
        if asked:
            answer = ",".join("1" if self.opened[a] else "0" for a in asked[1].split(","))
        elif line == "*ESE?":
            answer = self.enabled
        elif line == "SYST:ERR?":
            answer = '+0,"No error"'
        elif line == "*IDN?":
            answer = "TEST,RELAYS,0,1"
        else:
            raise AssertionError(f"the node sent {line!r}")
        if not lost:
            self.transport.write(answer.encode() + b"\n")

    def _turn(self, address, opened):
        self.lab.trace.note("relay", address, str(opened))
        if self.opened[address] != opened:
            self.moves.append((self.lab.clock.seconds(), address, opened))
        self.opened[address] = opened
        for pair in TIES:
            if opened and address in pair and all(self.opened[a] for a in pair):
                self.violations.append((self.lab.clock.seconds(), address))


def write_roots(lab):
    valve, experiment = lab.directory("valve") / "root", lab.directory("acquisition") / "root"
    for root, xml, actuator in (
        (valve, SEED_XML, "switch_controller"),
        (experiment, EXPERIMENT_XML, "extraction_line"),
    ):
        files = {
            "setupfiles/initialization.xml": xml,
            "setupfiles/extractionline/valves.yaml": VALVES.replace("ACTUATOR", actuator),
            "scripts/extraction/turns.py": SCRIPT,
        }
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        (root / "setupfiles" / "devices").mkdir()
    servers = valve / "setupfiles" / "servers"
    servers.mkdir()
    (servers / "remote_command_server.yaml").write_text("port: 1061\nhost: 0.0.0.0\n")
    (servers / "notifier.yaml").write_text("port: 5555\nhost: 0.0.0.0\n")
    (valve / "setupfiles/devices/switch_controller.yaml").write_text(
        "klass: AgilentGPActuator\ncommunications: {type: serial, port: /dev/ttyUSB0, baudrate: 57600, timeout: 0.5}\n"
    )
    (experiment / "setupfiles/devices/extraction_line.yaml").write_text(
        "name: ExtractionLine\nklass: RemoteExtractionLineManager\nhost: 10.0.0.50\nport: 1061\ntimeout: 2\n"
    )
    return valve, experiment


class Scenario:
    """Two nodes on one virtual clock."""

    def __init__(self, seed, folder):
        self.lab = VirtualLab(
            seed,
            Path(folder),
            lambda o, w, e, f: prepare(o, w, emulate=e, set_up_failed=f, home=Path(folder)),
        )
        self.dice = random.Random(f"{seed}/scenario")
        self.lab.add_host("valve", "10.0.0.50")
        self.lab.add_host("acquisition", "10.0.0.10")
        self.valve_root, self.experiment_root = write_roots(self.lab)
        self.instrument = Scpi(self.lab, random.Random(f"{seed}/instrument"))
        self.lab.plug("valve", "/dev/ttyUSB0", self.instrument)
        self.start_valve()
        self.experiment = self.lab.start_node("experiment", self.experiment_root, "acquisition")

    def start_valve(self):
        self.valve = self.lab.start_node("valve", self.valve_root, "valve")

    def states(self, node=None):
        node = node or self.experiment
        line = self.offered(node, IExtractionLine)
        return {n: str(line.view(n).state) for n in line.names()}

    @staticmethod
    def offered(node, interface):
        return node.service.offers(interface)

    def known(self):
        try:
            return set(self.states().values()) <= {"open", "closed"}
        except LookupError:
            return False

    def truth(self):
        names = {"101": "A", "102": "B", "103": "C"}
        return {names[a]: "open" if on else "closed" for a, on in self.instrument.opened.items()}

    def run_script(self):
        runs = self.offered(self.experiment, IScriptRuns)
        ended = []
        file = self.experiment_root / "scripts/extraction/turns.py"
        Deferred.fromCoroutine(runs.run(file, {})).addBoth(ended.append)
        return ended

    def close(self):
        self.lab.close()


def run(seed, folder):
    """The trace and the scenario, after everything that can go wrong has gone wrong."""
    s = Scenario(seed, folder)
    lab, dice = s.lab, s.dice
    assert lab.until(s.known, 20), s.states()
    assert s.instrument.moves == [], "starting moves nothing"
    ended = s.run_script()
    s.instrument.faults = dice.random() < 0.8
    cut = False
    for _ in range(dice.randrange(2, 6)):
        lab.advance(dice.uniform(0.05, 1.5))
        deed = dice.choice(["cut", "mend", "kill", "wall", "wait"])
        if deed == "cut":
            lab.cut("valve", "acquisition")
            cut = True
        elif deed == "mend" and cut:
            lab.mend("valve", "acquisition")
            cut = False
        elif deed == "kill":
            lab.kill(s.valve)
            lab.advance(dice.uniform(0.0, 8.0))
            s.start_valve()
        elif deed == "wall":
            lab.step_wall(dice.choice(["valve", "acquisition"]), dice.choice([3600.0, -3600.0]))
    if cut:
        lab.mend("valve", "acquisition")
    s.instrument.faults = False
    lab.until(lambda: bool(ended), 400)
    lab.until(lambda: s.known() and s.states() == s.truth(), 60)
    return s, ended


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        scenario, _ = run(int(sys.argv[1]), place)
        print(scenario.lab.trace.digest())
        scenario.close()
