"""The Agilent driver against an emulated 34970A where each exchange may go wrong: judged by the relays' true positions."""

import random
import tempfile
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from pychron.config.device_file import read_device_file
from pychron.config.problems import Report
from pychron.hardware.drivers import ActuatorBuilder
from pychron.hardware.interfaces import HardwareError, NoAnswer, Reading, Rejected
from pychron.simulation.emulators import Instruments
from pychron.simulation.relay_faults import Fault, Faults
from tests.hardware.wired import a_world

ADDRESSES = ("101", "102", "103")
SHARES = dict.fromkeys((f for f in Fault if f is not Fault.GARBLED), 0.015)
"""Of each line to the instrument: few enough that most commands are carried out between two faults. A garbled answer ends
its exchange like a silent one, and has tests of its own."""
STEPS = 120


class Bench:
    """One driver, one instrument, one clock."""

    def __init__(self, seed, shares, invert):
        self.clock = Clock()
        self.instruments = Instruments(
            self.clock, lambda name: Faults(random.Random(f"{seed}/faults"), shares, late_s=1.5)
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "bank.yaml")
            path.write_text(f"klass: AgilentGPActuator\ngeneral: {{invert: {str(invert).lower()}}}\n")
            device = read_device_file(path, Report())
        world = a_world(self.clock)
        endpoint = self.instruments.for_node(self.clock).endpoint(device)
        self.actuator = ActuatorBuilder(world).build(device, endpoint)
        self.invert = invert
        self.relays = self.instruments.agilents["bank"].bank

    def on(self, address):
        """The true position, as the driver means it."""
        return self.relays.is_open(address) is not self.invert

    def start(self, coroutine, ended):
        Deferred.fromCoroutine(coroutine).addBoth(ended)

    def run(self, seconds):
        until = self.clock.seconds() + seconds
        while self.clock.seconds() < until:
            self.clock.advance(0.002)


def attack(seed, invert, shares=SHARES):
    """Commands and readings in disorder. Returns what was found wrong, and how the exchanges ended."""
    dice = random.Random(seed)
    bench = Bench(seed, shares, invert)
    wrong, ends = [], {}
    doubtful: dict[str, float] = {}
    """Addresses with an uncertain command, and when it can take effect no more."""

    def drive(address, on):
        begun = []

        def begin():
            begun.append(1)
            return True

        def ended(result):
            value = getattr(result, "value", result)
            ends[type(value).__name__] = ends.get(type(value).__name__, 0) + 1
            if isinstance(value, NoAnswer):
                doubtful[address] = bench.clock.seconds() + bench.actuator.late_s
                if not begun:
                    wrong.append(f"NoAnswer to {address}, which was not begun")
            elif isinstance(value, HardwareError):
                if begun and not isinstance(value, Rejected):
                    wrong.append(f"{value!r} after the guard had said yes")
            elif not hasattr(value, "epoch"):
                wrong.append(repr(value))
            elif doubtful.get(address, 0) <= bench.clock.seconds() and bench.on(address) is not on:
                wrong.append(f"{address} acknowledged as {on} and is not")
            return

        bench.start(bench.actuator.drive(address, on, begin, urgent=not on), ended)

    def read():
        def ended(result):
            if not isinstance(result, dict):
                return
            for address, reading in result.items():
                assert isinstance(reading, Reading)
                settled = doubtful.get(address, 0) <= bench.clock.seconds()
                if settled and reading.on is not None and reading.on is not bench.on(address):
                    wrong.append(f"{address} reads {reading.on} and is not")

        bench.start(bench.actuator.read(ADDRESSES), ended)

    for _ in range(STEPS):
        if dice.random() < 0.6:
            drive(dice.choice(ADDRESSES), dice.random() < 0.5)
        else:
            read()
        bench.run(dice.choice((0.0, 0.002, 0.01, 0.1, 0.8)))
    bench.run(40)
    return wrong, ends


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_what_is_acknowledged_or_read_is_so(seed, invert):
    wrong, ends = attack(seed, invert)
    assert wrong == []
    assert ends["Mark"] >= 15, f"too little went right to tell: {ends}"
    assert ends.get("NoAnswer", 0) + ends.get("Rejected", 0) >= 1, f"too little went wrong to tell: {ends}"


@pytest.mark.parametrize("seed", range(8))
def test_late_answers_on_a_line_that_goes_on_settle_nothing(seed):
    """They outlive their connection, as on a serial line, and come while the next one begins."""
    wrong, ends = attack(seed, False, {Fault.LATE: 0.06, Fault.TWICE: 0.03})
    assert wrong == []
    assert ends["Mark"] >= 15, f"too little went right to tell: {ends}"


def test_the_same_seed_fails_in_the_same_places():
    assert attack(3, False) == attack(3, False)
