"""Nothing that begins or ends moves a relay: fifty starts, stops, kills, connects and reconnects, and one empty log."""

from __future__ import annotations

import json
import signal

from tests.system.instrument_process import Instrument
from tests.system.twistd_process import until
from tests.system.valve_node import Peer, ValveNode

STARTS = 5
"""Each with its end, seven clients that come and go, and every second one with an instrument that goes and comes back."""
CLIENTS = 7
EVENTS = 50


def come_and_go(node, how):
    """One client's life: it asks, begins to speak, is killed, or errs, and leaves."""
    with Peer(node.port) as peer:
        if how == 0:
            assert peer.ask("GetValveStates") != ""
        elif how == 1:
            peer.send(b"Open A")
        elif how == 2:
            peer.send(json.dumps({"id": "client:1", "command": "ListValves"}))
            peer.reset()
        elif how == 3:
            assert "ERROR" in peer.ask("{0010}Open A")


def replug(node, instrument):
    """The instrument goes while the node runs, and comes back."""
    instrument.unplug()
    until(lambda: node.state("A") == "unknown", "the loss is noticed")
    instrument.plug()
    node.wait_for_state("A", "closed")


def test_fifty_beginnings_and_ends_move_nothing(tmp_path):
    events = 0
    with Instrument(tmp_path) as instrument:
        node = ValveNode(tmp_path, instrument, settling_s=0.25, timeout_s=0.5)
        for start in range(STARTS):
            with node:
                for client in range(CLIENTS):
                    come_and_go(node, client % 5)
                if start % 2:
                    replug(node, instrument)
                if start % 3 == 1:
                    node.kill()
                elif start % 3 == 2:
                    # It is stopped while the instrument says nothing.
                    instrument.process.send_signal(signal.SIGSTOP)
                    come_and_go(node, 0)
            instrument.process.send_signal(signal.SIGCONT)
            events += 2 + CLIENTS + 2 * (start % 2) + (start % 3 == 2)
        assert events >= EVENTS
        assert instrument.movements() == []
        # The control: the log does tell movements, and the node still moves what it is told to.
        with node:
            assert node.ask("Open B") == "OK"
            assert node.ask("Close B") == "OK"
        assert instrument.movements() == [("102", True), ("102", False)]
