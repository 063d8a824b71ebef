"""Ports tried before the node detaches."""

import os
import socket

import pytest

from pychron.config.problems import Place, Report
from pychron.node.ports import try_ports
from pychron.runtime.plugin import Listening

FILE = Place("setupfiles/servers/remote_command_server.yaml", 3)


def report_of(*listens):
    report = Report()
    try_ports(listens, report)
    return [str(problem) for problem in report.problems]


@pytest.fixture
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_free_port_is_free_afterwards(taken):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    for _ in range(2):
        assert report_of(Listening("127.0.0.1", free, FILE, "port")) == []


def test_any_free_port_is_not_tried():
    assert report_of(Listening("127.0.0.1", 0, FILE, "port"), Listening("127.0.0.1", 0, FILE, "x")) == []


def test_a_taken_port_is_one_line_with_file_key_and_holder(taken):
    (line,) = report_of(Listening("127.0.0.1", taken, FILE, "port"))
    assert line.startswith(f"{FILE}: error: port: port 127.0.0.1:{taken} is taken by ")
    assert f"(pid {os.getpid()})" in line
    assert "\n" not in line


def test_a_holder_that_cannot_be_seen(taken, tmp_path):
    report = Report()
    try_ports([Listening("127.0.0.1", taken, FILE, "port")], report, proc=tmp_path)
    assert "taken by a process of another user" in str(report.problems[0])


def test_two_keys_with_one_port():
    other = Place("setupfiles/servers/notifier.yaml", 1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    (line,) = report_of(
        Listening("0.0.0.0", free, FILE, "port"), Listening("127.0.0.1", free, other, "publish_port")
    )
    assert line.startswith(f"{other}: error: publish_port: port {free} is the one of port in {FILE} too")


def test_an_address_of_another_machine():
    (line,) = report_of(Listening("203.0.113.7", 1061, FILE, "host"))
    assert "203.0.113.7 is no address of this machine" in line
