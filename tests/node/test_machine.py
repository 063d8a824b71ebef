"""What the node asks of its machine."""

import struct
import time
from ipaddress import ip_interface

from pychron.node.machine import _read_addresses, local_addresses, machine_boot
from pychron.node.monotonic import boot_seconds


def test_the_own_addresses_are_networks_with_loopback_among_them():
    found = local_addresses()
    assert all(ip_interface(text) for text in found)
    assert "127.0.0.1/8" in found
    assert len(found) == len(dict.fromkeys(found))


def message(kind, prefix, *attributes):
    body = struct.pack("=BBBBL", 2, prefix, 0, 0, 1)
    for number, raw in attributes:
        body += struct.pack("=HH", 4 + len(raw), number) + raw
    return struct.pack("=LHHLL", 16 + len(body), kind, 0, 1, 0) + body


def test_an_answer_of_the_kernel():
    lan, peer, local = bytes([192, 168, 1, 5]), bytes([10, 0, 0, 9]), bytes([10, 0, 0, 1])
    found = []
    answer = (
        message(20, 24, (1, lan), (3, b"eth\0")) + message(20, 32, (1, peer), (2, local)) + message(99, 8)
    )
    assert _read_addresses(answer, found)
    assert found == ["192.168.1.5/24", "10.0.0.1/32"]
    assert not _read_addresses(message(3, 0), found)
    assert not _read_addresses(message(2, 0), found)


def test_an_answer_cut_short_names_nobody():
    whole = message(20, 24, (1, bytes([192, 168, 1, 5])))
    for length in range(16, len(whole)):
        found = []
        _read_addresses(whole[:length], found)
        assert found == []


def test_a_machine_boot_has_a_name(tmp_path):
    assert machine_boot() == machine_boot()
    assert machine_boot(tmp_path / "none") != machine_boot(tmp_path / "none")


def test_boot_seconds_go_on():
    first = boot_seconds()
    assert first > 0
    assert 0 <= boot_seconds() - first < 60
    assert abs(boot_seconds() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 60
