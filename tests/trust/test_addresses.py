"""Who may operate, by the address that a request comes from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.trust.addresses import UNIX, Rights, is_loopback, read_address, read_network, rights_for
from pychron.trust.rights import Peer, Right

LAB = read_network("192.168.1.0/24")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.168.1.7", "192.168.1.7/32"),
        (" 192.168.1.7/24 ", "192.168.1.0/24"),
        ("fd00::1/64", "fd00::/64"),
        ("lab", "None"),
        ("192.168.1", "None"),
        ("192.168.1.7/33", "None"),
        ("", "None"),
    ],
)
def test_networks_as_files_write_them(text, found):
    assert str(read_network(text)) == found


def test_an_address_is_taken_without_its_zone_and_out_of_ipv6():
    assert str(read_address("::ffff:10.0.0.5")) == "10.0.0.5"
    assert str(read_address("fe80::1%eth0")) == "fe80::1"
    assert read_address("unix") is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_loopback(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "10.0.0.5", "pyvalve.lab"])
def test_not_loopback(host):
    assert not is_loopback(host)


def test_a_list_in_the_file_is_what_holds():
    rights = rights_for("0.0.0.0", [LAB], False, ["10.0.0.1/24"])
    assert rights.of("192.168.1.200") is Right.OPERATE
    assert rights.of("::ffff:192.168.1.200") is Right.OPERATE
    assert rights.of("192.168.2.1") is Right.OBSERVE
    assert rights.of("10.0.0.5") is Right.OBSERVE
    assert "add 10.0.0.5 to the list allow: in server.yaml" in rights.remedy("10.0.0.5", "server.yaml")


def test_an_empty_list_allows_this_machine_only():
    rights = rights_for("0.0.0.0", [], False, ["10.0.0.1/24"])
    assert (rights.of("127.0.0.1"), rights.of("10.0.0.5")) == (Right.OPERATE, Right.OBSERVE)


def test_without_a_list_the_own_subnets_hold():
    rights = rights_for("0.0.0.0", None, False, ["127.0.0.1/8", "10.0.0.1/24", "10.9.9.9/32", "fd00::1/64"])
    assert rights.of("10.0.0.5") is Right.OPERATE
    assert rights.of("10.9.9.9") is Right.OPERATE
    assert rights.of("10.9.9.8") is Right.OBSERVE
    assert rights.of("fd00::7") is Right.OPERATE
    assert "that replaces the default" in rights.remedy("10.1.0.5", "server.yaml")


def test_an_interface_whose_subnet_is_the_world_allows_nobody():
    rights = rights_for("0.0.0.0", None, False, ["10.0.0.1/0", "no address"])
    assert rights.of("10.0.0.5") is Right.OBSERVE


def test_a_listener_on_loopback_knows_no_other_network():
    assert rights_for("127.0.0.1", None, False, ["10.0.0.1/24"]).of("10.0.0.5") is Right.OBSERVE


def test_anyone_may_operate_where_the_file_says_so_and_nobody_administers():
    rights = rights_for("0.0.0.0", [LAB], True, [])
    assert rights.of("203.0.113.9") is Right.OPERATE


def test_the_nodes_own_socket_administers():
    assert Rights().of(UNIX) is Right.ADMINISTER


@given(st.text(max_size=50))
def test_what_is_no_address_may_look_only(text):
    if text != UNIX and read_address(text) is None:
        assert Rights((LAB,)).of(text) is Right.OBSERVE


@given(st.ip_addresses())
def test_no_address_administers(address):
    assert Rights((LAB,), anyone=True).of(str(address)) < Right.ADMINISTER


def test_each_right_includes_the_ones_before_it():
    assert Right.OBSERVE < Right.OPERATE < Right.ADMINISTER


def test_a_peer_is_named_with_its_port():
    assert str(Peer("10.0.0.5", 50000)) == "10.0.0.5:50000"
    assert str(Peer("unix")) == "unix"
