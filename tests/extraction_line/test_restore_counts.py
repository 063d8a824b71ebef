"""What a restart makes of an open that the disk refused, and of counts that went on meanwhile."""

from __future__ import annotations

from pychron.config.problems import Place
from pychron.extraction_line.specs import LineSpec, PipetteSpec
from tests.extraction_line.bench_of_relays import spec
from tests.extraction_line.clocked_relays import ClockedRelays
from tests.extraction_line.verb_bench import VerbCase


class RefusedByASlowDisk(VerbCase):
    def restart(self):
        self.bench.store._open = False
        old = self.relays
        new = type(old)(self.clock)
        new.on, new.moves, new._epoch = old.on, old.moves, old._epoch + 100
        self.start({"switch_controller": new}, boot=self.manager.world.boot + "+")

    def test_what_was_refused_is_no_shot_after_a_restart(self):
        for verb, name in (("Open", "Inner"), ("Close", "Inner")):
            self.answer(verb, name, seconds=4)
        pool = self.manager.world.pool
        pool.at_once = False
        asked = self.call("Open", "Outer", id="boot-a:1", within=20)
        self.bench.advance(6)
        self.failureResultOf(asked)
        while pool.jobs:
            pool.release()
            self.bench.advance(0.05)
        pool.at_once = True
        self.bench.advance(2)
        assert self.relays.on.get("104", False) is False
        assert self.answer("GetPipetteCount", "Air") == 0
        self.answer("Open", "A", seconds=4)
        self.restart()
        self.bench.advance(5)
        self.bench.read_all()
        self.bench.read_all()
        assert self.answer("GetPipetteCount", "Air") == 0


def line2():
    return LineSpec(
        (
            spec("Inner", address="103"),
            spec("Outer", address="104"),
            spec("K", address="105", parent="Outer"),
        ),
        (PipetteSpec("Air", "Inner", "Outer", Place("valves.yaml", 9)),),
    )


class DeafRelays(ClockedRelays):
    deaf = ()

    async def read(self, addresses):
        found = await super().read(addresses)
        return {a: r for a, r in found.items() if a not in self.deaf}


class CountsOfAnInterrupted(RefusedByASlowDisk):
    spec = staticmethod(line2)

    def start(self, actuators=None, boot="boot1"):
        super().start(actuators or {"switch_controller": DeafRelays(self.clock)}, boot)

    test_what_was_refused_is_no_shot_after_a_restart = None

    def shot(self):
        for verb, name in (("Open", "Inner"), ("Close", "Inner"), ("Open", "Outer"), ("Close", "Outer")):
            call = self.call(verb, name)
            call.addErrback(lambda _: None)
            self.bench.advance(4)

    def test_counts_do_not_run_backwards(self):
        self.shot()
        assert self.answer("GetPipetteCount", "Air") == 1
        self.answer("Open", "Inner", seconds=4)
        self.answer("Close", "Inner", seconds=4)
        self.relays.takes_s = 5.0
        self.call("Open", "Outer")
        self.bench.advance(1)
        self.relays.takes_s = 0.05
        self.restart()
        self.relays.deaf = ("105",)
        self.bench.advance(3)
        for _ in range(3):
            self.bench.read_all()
        assert self.answer("GetPipetteCount", "Air") == 2
        self.call("Close", "Outer").addErrback(lambda _: None)
        self.bench.advance(4)
        for _ in range(3):
            self.shot()
        taken = self.answer("GetPipetteCount", "Air")
        self.relays.deaf = ()
        self.bench.advance(3)
        for _ in range(3):
            self.bench.read_all()
        self.restart()
        self.bench.read_all()
        assert self.answer("GetPipetteCount", "Air") == taken
