"""Panels of instruments and nodes from plain counters."""

from __future__ import annotations

from pychron.web.devices import Device, device_panels, peer_panels, troubles


def counters(**numbers):
    return {name: (lambda number=number: number) for name, number in numbers.items()}


def test_a_device_of_the_files_has_its_switches_and_its_channel():
    known = {"relays": Device("relays", "AgilentGPActuator", ("A", "B"))}
    [panel] = device_panels(
        known,
        counters(channel_relays_up=1, channel_relays_exchanges=7, channel_relays_timeouts=2, rpc_requests=9),
    )
    assert panel == {
        "name": "relays",
        "klass": "AgilentGPActuator",
        "switches": ["A", "B"],
        "up": True,
        "exchanges": 7,
        "timeouts": 2,
        "garbled": 0,
        "lost": 0,
    }


def test_of_a_device_without_a_channel_nobody_says_that_it_answers():
    [panel] = device_panels({"pyvalve": Device("pyvalve", "PychronGPActuator", ())}, {})
    assert panel["up"] is None


def test_a_channel_that_no_file_names_is_shown_too():
    panels = device_panels({"a": Device("a", "", ())}, counters(channel_b_up=0, channel_a_up=1))
    assert [(panel["name"], panel["up"]) for panel in panels] == [("a", True), ("b", False)]


def test_peers_are_told_with_their_polls():
    found = peer_panels(
        counters(remote_pyvalve_connected=0, remote_pyvalve_polls=5, remote_pyvalve_polls_failed=3)
    )
    assert found == [{"name": "pyvalve", "connected": False, "polls": 5, "polls_failed": 3}]


def test_what_is_zero_is_no_trouble():
    assert troubles(counters(store_failed=0, web_dropped=0)) == []
    assert troubles(counters(store_failed=2, web_dropped=0)) == [
        "2 commits could not be written: nothing opens"
    ]
