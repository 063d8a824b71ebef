"""Two valve controllers, an acquisition node above them, clients, emulated relays: real nodes on one virtual clock.

What the relays were told and did, and what clients asked and were answered, is logged here; nothing is judged.
"""

from __future__ import annotations

import functools
import importlib.metadata
from pathlib import Path
from unittest import mock

from twisted.internet.defer import Deferred

from pychron.extraction_line.interfaces import IExtractionLine
from pychron.node.preparation import prepare
from pychron.simulation.virtual_lab import VirtualLab
from pychron.store.errors import StoreFailed
from tests.extraction_line.asked_and_told import ADDRESS, WHERE, Client, Relays, Told

ONE = """\
- {name: A, address: 101, actuator: relays}
- {name: G, address: 102, actuator: relays, settling_time: 0.2}
- {name: I, address: 103, actuator: relays, interlock: O}
- {name: O, address: 104, actuator: relays}
- {name: Air, kind: pipette, inner: I, outer: O}
"""
TWO = """\
- {name: B, address: 101, actuator: relays, settling_time: 0.3}
- {name: P, address: 102, actuator: relays}
- {name: C, address: 103, actuator: relays}
- {name: K, address: 104, actuator: relays, parent: P, interlock: C}
"""
ABOVE = """\
- {name: A, actuator: one, interlock: B}
- {name: G, actuator: one, settling_time: 0.2}
- {name: I, actuator: one, interlock: O}
- {name: O, actuator: one}
- {name: Air, kind: pipette, inner: I, outer: O}
- {name: B, actuator: two, settling_time: 0.3}
- {name: P, actuator: two, positive_interlock: G}
- {name: C, actuator: two, parent: A}
- {name: K, actuator: two, parent: P, interlock: C}
- {name: L, address: 101, actuator: relays, interlock: B}
"""
FILES = {"one": ONE, "two": TWO, "above": ABOVE}
READ_WHAT_IS_INSTALLED = ("pychron.node.plugins", "pychron.hardware.drivers", "pychron.hardware.readables")
installed = functools.cache(importlib.metadata.entry_points)
"""It takes longer than all that a node does at its start, and does not change."""
XML = """<root><plugins><general>{}<plugin enabled="true">ExtractionLine</plugin></general></plugins></root>\n"""


class Disk:
    """The disk of one node: well, full, or hanging until it is well again."""

    def __init__(self, pool):
        self.state = "well"
        self._pool, self._run = pool, pool.run
        self._held = []
        pool.run = self.run

    def run(self, function, *args):
        if getattr(function, "__name__", "") != "write" or self.state == "well":
            return self._run(function, *args)
        if self.state == "full":
            return self._run(self._full)
        done = Deferred()
        self._held.append((function, args, done))
        return done

    @staticmethod
    def _full():
        raise StoreFailed("disk full")

    def become(self, state):
        self.state = state
        held, self._held = (self._held, []) if state != "hangs" else ([], self._held)
        for function, args, done in held:
            self.run(function, *args).chainDeferred(done)


class Lines:
    """The laboratory."""

    def __init__(self, seed, folder):
        self._installed = [
            mock.patch(f"{module}.entry_points", installed) for module in READ_WHAT_IS_INSTALLED
        ]
        for one in self._installed:
            one.start()
        self.lab = VirtualLab(
            seed,
            Path(folder),
            lambda o, w, e, f: prepare(o, w, emulate=e, set_up_failed=f, home=Path(folder)),
        )
        self.told: list[Told] = []
        self.nodes, self.disks, self.roots, self.relays = {}, {}, {}, {}
        for name, address in ADDRESS.items():
            self.lab.add_host(name, address)
            self.relays[name] = Relays(self.lab, name, self.told)
            self.lab.plug(name, "/dev/ttyUSB0", self.relays[name])
            self.roots[name] = self._root(name)
        for relays in self.relays.values():
            relays.others = list(self.relays.values())
        for n in (5, 6, 7, 8):
            self.lab.add_host(f"bench{n}", f"10.0.0.{n}")
        self.clients = {
            "alpha": Client(self.lab, "alpha", "bench5"),
            "gamma": Client(self.lab, "gamma", "bench5"),
            "beta": Client(self.lab, "beta", "bench6"),
            "oper": Client(self.lab, "oper", "bench8"),
            "10.0.0.7": Client(self.lab, "10.0.0.7", "bench7", plain=True),
        }
        self.starts = {name: [] for name in ADDRESS}
        self.stops = {name: [] for name in ADDRESS}
        """Orderly ones, as asked for."""
        self.cuts = []
        """Host, host, from, until."""
        self.bad_disk = dict.fromkeys(ADDRESS, -99.0)
        """When its disk was last in trouble."""
        for name in ADDRESS:
            self.start(name)

    @property
    def now(self):
        return self.lab.clock.seconds()

    def _root(self, name):
        """Its files."""
        root = self.lab.directory(name) / "root"
        setup = root / "setupfiles"
        experiment = '<plugin enabled="true">Experiment</plugin>' if name == "above" else ""
        files = {
            "initialization.xml": XML.format(experiment),
            "extractionline/valves.yaml": FILES[name],
            "servers/remote_command_server.yaml": "port: 1061\nhost: 0.0.0.0\n",
            "servers/notifier.yaml": "port: 5555\nhost: 0.0.0.0\n",
            "devices/relays.yaml": "klass: AgilentGPActuator\ncommunications: "
            "{type: serial, port: /dev/ttyUSB0, baudrate: 57600, timeout: 1.5}\n",
        }
        for peer in ("one", "two") if name == "above" else ():
            files[f"devices/{peer}.yaml"] = (
                f"name: {peer}\nklass: RemoteExtractionLineManager\nhost: {ADDRESS[peer]}\nport: 1061\ntimeout: 2\n"
            )
        for path, text in files.items():
            (setup / path).parent.mkdir(parents=True, exist_ok=True)
            (setup / path).write_text(text)
        return root

    def start(self, name):
        node = self.lab.start_node("experiment" if name == "above" else "valve", self.roots[name], name)
        self.nodes[name] = node
        self.starts[name].append(self.now)
        self.disks[name] = Disk(node.process.world.pool)

    def stop(self, name):
        self.stops[name].append(self.now)
        self.lab.stop(self.nodes[name])

    def cut(self, a, b):
        self.lab.cut(a, b)
        self.cuts.append([a, b, self.now, None])

    def mend(self):
        for cut in self.cuts:
            if cut[3] is None:
                self.lab.mend(cut[0], cut[1])
                cut[3] = self.now

    def was_cut(self, a, b, since, until):
        """Whether something between two hosts may have been held up."""
        return any(
            {a, b} == {x, y} and f <= until and (t is None or t + 2.5 >= since) for x, y, f, t in self.cuts
        )

    def disk(self, name, state):
        self.disks[name].become(state)
        self.look_at_disks()

    def look_at_disks(self):
        for name, disk in self.disks.items():
            if disk.state != "well" and self.nodes[name].alive:
                self.bad_disk[name] = self.now

    def connect(self):
        for client in self.clients.values():
            for node in ADDRESS:
                client.connect(node)

    def close(self):
        self.lab.close()
        for one in self._installed:
            one.stop()

    def truth(self, valve):
        return self.relays[WHERE[valve]].on[valve]

    def line(self, name):
        """The node's line, once it offers one."""
        node = self.nodes[name]
        if not node.alive:
            return None
        try:
            return node.service.offers(IExtractionLine)
        except LookupError:
            return None

    def known(self):
        line = self.line("above")
        return line is not None and {str(line.view(n).state) for n in line.names()} <= {"open", "closed"}
