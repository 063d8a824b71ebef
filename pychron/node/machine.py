"""What the node asks of its machine: the addresses of its interfaces, and which boot this is."""

from __future__ import annotations

import socket
import struct
import uuid
from ipaddress import ip_address
from pathlib import Path

LOOPBACK = ("127.0.0.1/8", "::1/128")

_GET_ADDRESSES = 22  # RTM_GETADDR
_NEW_ADDRESS = 20  # RTM_NEWADDR
_DONE = 3  # NLMSG_DONE
_ERROR = 2  # NLMSG_ERROR
_REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_ADDRESS = 1  # IFA_ADDRESS: the far end on a point-to-point link
_LOCAL = 2  # IFA_LOCAL: our own end, where the two differ


def machine_boot(path: Path = Path("/proc/sys/kernel/random/boot_id")) -> str:
    """The same for every process between two boots. Where the system has no such name it is new each time:
    then no two starts are ever held to be of one boot."""
    try:
        return path.read_text("ascii").strip()
    except OSError:
        return str(uuid.uuid4())


def local_addresses() -> tuple[str, ...]:
    """This machine's own addresses with their networks, loopback included ("192.168.1.5/24").

    Asks the kernel (rtnetlink, as rtnetlink(7) describes it). Elsewhere than Linux: loopback only, so that
    nobody is allowed by default whom the kernel did not name.
    """
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        return LOOPBACK
    found: list[str] = []
    with socket.socket(family, socket.SOCK_RAW, 0) as kernel:
        kernel.settimeout(1.0)
        kernel.bind((0, 0))
        kernel.send(struct.pack("=LHHLLBBBBL", 24, _GET_ADDRESSES, _REQUEST_DUMP, 1, 0, 0, 0, 0, 0, 0))
        while True:
            more = _read_addresses(kernel.recv(65536), found)
            if not more:
                break
    return tuple(dict.fromkeys((*found, *LOOPBACK[: 0 if found else 2])))


def _read_addresses(data: bytes, found: list[str]) -> bool:
    """Add the addresses of one answer; False at the last."""
    at = 0
    while at + 16 <= len(data):
        length, kind = struct.unpack_from("=LH", data, at)
        if kind in (_DONE, _ERROR) or length < 16 or at + length > len(data):
            return False
        if kind == _NEW_ADDRESS:
            text = _address(data[at + 16 : at + length])
            if text:
                found.append(text)
        at += (length + 3) & ~3
    return True


def _address(message: bytes) -> str:
    """One ifaddrmsg with its attributes, as ADDRESS/PREFIX; empty where it has none."""
    _family, prefix = struct.unpack_from("=BB", message)
    values: dict[int, bytes] = {}
    at = 8
    while at + 4 <= len(message):
        length, kind = struct.unpack_from("=HH", message, at)
        if length < 4:
            break
        values[kind] = message[at + 4 : at + length]
        at += (length + 3) & ~3
    raw = values.get(_LOCAL, values.get(_ADDRESS))
    return f"{ip_address(raw)}/{prefix}" if raw else ""
