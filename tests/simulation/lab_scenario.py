"""One scenario of a virtual laboratory: everything that can go wrong goes wrong at times that the seed draws.

Run as a program with a seed it prints the digest of the trace.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from twisted.internet.protocol import Protocol

from pychron.simulation.virtual_lab import VirtualLab
from tests.simulation.toy_node import ToyNode, recorders


class Relays(Protocol):
    """An instrument: a byte switches a relay, which the trace records."""

    def __init__(self, lab):
        self.lab = lab
        self.on = {}

    def dataReceived(self, data):
        for byte in data:
            name = chr(byte)
            self.on[name.lower()] = name.isupper()
            self.lab.trace.note("relay", name.lower(), str(name.isupper()))


def build(seed, folder, **how):
    lab = VirtualLab(seed, Path(folder), ToyNode, **how)
    lab.add_host("valve", "10.0.0.50")
    lab.add_host("acquisition", "10.0.0.10")
    return lab


def run(seed, folder):
    """Returns the trace."""
    lab = build(seed, folder)
    dice = random.Random(f"{seed}/scenario")
    lab.plug("valve", "/dev/ttyUSB0", Relays(lab))
    valve = lab.start_node("valve", lab.directory("valve"), "valve")
    experiment = lab.start_node("experiment", lab.directory("acquisition"), "acquisition")
    clients, heard = [], []
    world = experiment.world
    world.zmq.subscription("10.0.0.50", 5555, (b"count",), heard.append)
    lab.advance(dice.uniform(0.01, 1))
    for _ in range(12):
        deed = dice.choice(["connect", "write", "write", "write", "cut", "mend", "kill", "freeze", "unplug"])
        if deed == "connect" or not clients:
            connecting = world.streams.tcp_client("10.0.0.50", 1061, 3).connect(recorders(clients))
            connecting.addErrback(lambda failure: lab.trace.note("failed", type(failure.value).__name__))
        elif deed == "write":
            dice.choice(clients).transport.write(
                bytes(dice.randrange(97, 123) for _ in range(dice.randrange(1, 9)))
            )
        elif deed in ("cut", "mend"):
            getattr(lab, deed)("valve", "acquisition")
        elif deed == "kill":
            lab.kill(valve)
            lab.advance(dice.uniform(0, 2))
            valve = lab.start_node("valve", lab.directory("valve"), "valve")
        elif deed == "freeze":
            lab.freeze(valve)
            lab.advance(dice.uniform(0, 6))
            lab.thaw(valve)
        else:
            lab.unplug("valve", "/dev/ttyUSB0")
        lab.advance(dice.uniform(0, 1.5))
    lab.mend("valve", "acquisition")
    lab.advance(10)
    lab.trace.note("heard", b" ".join(heard))
    lab.result(lab.stop(valve))
    lab.close()
    return lab.trace


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(run(sys.argv[1], folder).digest())
