"""Names, origins, tokens and sessions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.web.access import (
    SESSION_S,
    Forbidden,
    Sessions,
    check_host,
    check_origin,
    check_reader,
    digest,
    host_of,
    is_loopback,
    own_names,
)

NAMES = own_names("0.0.0.0", "Lab-Pi", ("valves.lab.example",))
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "header", ["localhost:8888", "127.0.0.1", "[::1]:8888", "lab-pi:8888", "LAB-PI", "valves.lab.example:80"]
)
def test_a_node_knows_its_own_names(header):
    check_host(header, NAMES)


@pytest.mark.parametrize(
    "header",
    ["", "evil.example", "evil.example:8888", "localhost.evil.example", "[::1", "a b", "0.0.0.0:8888"],
)
def test_another_name_reads_nothing(header):
    with pytest.raises(Forbidden, match="is not called"):
        check_host(header, NAMES)


@given(st.text(max_size=40))
def test_no_header_breaks_it(header):
    assert isinstance(host_of(header), str)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_reads_nothing_but_a_link_may_lead_here(site):
    for mode in ("cors", "no-cors", "navigate"):
        with pytest.raises(Forbidden):
            check_reader({"sec-fetch-site": site, "sec-fetch-mode": mode}, navigates=False)
    check_reader({"sec-fetch-site": site, "sec-fetch-mode": "navigate"}, navigates=True)
    check_reader({"sec-fetch-site": "same-origin"}, navigates=False)
    check_reader({}, navigates=False)


def test_what_changes_something_comes_from_our_own_page():
    check_origin({"origin": "http://localhost:8888", **JSON}, "localhost:8888", NAMES)
    for origin in (
        "",
        "null",
        "http://evil.example",
        "http://localhost:9999",
        "http://[",
        "http://evil.example:8888",
    ):
        with pytest.raises(Forbidden):
            check_origin({"origin": origin, **JSON}, "localhost:8888", NAMES)
    with pytest.raises(Forbidden, match="JSON"):
        check_origin(
            {"origin": "http://localhost:8888", "content-type": "text/plain"}, "localhost:8888", NAMES
        )


def sessions():
    secrets = iter(f"cookie {n}" for n in range(1000))
    return Sessions(digest("the token"), lambda: next(secrets))


def test_a_token_is_exchanged_for_a_session_of_twelve_hours():
    found = sessions()
    cookie = found.exchange("the token", 0.0)
    assert found.holds(cookie, SESSION_S - 1)
    assert not found.holds(cookie, SESSION_S)
    assert not found.holds("", 0.0)
    assert not found.holds("cookie 5", 0.0)
    found.end(cookie)
    assert not found.holds(cookie, 1.0)


def test_five_wrong_tokens_a_minute():
    found = sessions()
    for _ in range(5):
        with pytest.raises(Forbidden, match="not right"):
            found.exchange("a guess", 10.0)
    with pytest.raises(Forbidden, match="wait a minute") as refused:
        found.exchange("the token", 20.0)
    assert refused.value.status == 429
    assert found.exchange("the token", 71.0)


def test_without_a_token_in_the_file_nobody_gets_in():
    with pytest.raises(Forbidden):
        Sessions("", lambda: "c").exchange("", 0.0)


def test_the_oldest_sessions_make_room():
    found = sessions()
    cookies = [found.exchange("the token", float(n)) for n in range(150)]
    assert not found.holds(cookies[0], 150.0)
    assert found.holds(cookies[-1], 150.0)


@pytest.mark.parametrize(
    ("address", "here"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.0.2.1", False), ("", False)],
)
def test_loopback(address, here):
    assert is_loopback(address) is here


def test_a_page_on_all_addresses_is_called_by_any_of_them():
    own = ("127.0.0.1/8", "192.168.1.5/24", "fe80::1/64")
    everywhere = own_names("0.0.0.0", "lab-pi", (), own)
    for header in ("192.168.1.5:8888", "[FE80::1]:8888"):
        check_host(header, everywhere)
    with pytest.raises(Forbidden):
        check_host("192.168.1.6:8888", everywhere)
    with pytest.raises(Forbidden):
        check_host("192.168.1.5:8888", own_names("127.0.0.1", "lab-pi", (), own))
