"""`[Communications]` of a device file as a frozen value: where the instrument is, and how its lines end. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pychron.config.device_file import COMMUNICATIONS, FLOW_CONTROLS, DeviceFile
from pychron.config.problems import Report

PARITIES = {"none": "N", "even": "E", "odd": "O", "n": "N", "e": "E", "o": "O"}

TERMINATORS = {"CR": b"\r", "LF": b"\n", "CRLF": b"\r\n", "ETX": b"\x03"}
_CHR = re.compile(r"chr\((\d{1,3})\)")


class NoWay(Exception):
    """The device file does not say how to reach the instrument. The text says what to write."""


@dataclass(frozen=True, slots=True)
class Serial:
    """A serial port."""

    port: str
    baudrate: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1
    timeout_s: float = 1.0
    hold_dtr: bool = False
    flow_control: str = ""
    """none, xonxoff or rtscts; empty: the driver's own."""

    @property
    def where(self) -> tuple[str, str]:
        """The one line that this is, whatever its settings."""
        return "serial", self.port


@dataclass(frozen=True, slots=True)
class Tcp:
    """A host and port."""

    host: str
    port: int
    timeout_s: float = 1.0

    @property
    def where(self) -> tuple[str, str]:
        """The one peer that this is, whatever its settings."""
        return "tcp", f"{self.host}:{self.port}"


Way = Serial | Tcp


def way_to(device: DeviceFile) -> Way:
    """How to reach the device. Raises NoWay."""
    report = Report()
    fields = device.fields(COMMUNICATIONS, report)
    kind = fields.text("type").lower() or ("ethernet" if "host" in fields else "serial")
    timeout_s = fields.seconds("timeout", 1.0) or 1.0
    if kind == "serial":
        parity = PARITIES.get(fields.text("parity", "none").lower(), "N")
        way: Way = Serial(
            _port_path(fields.text("port")),
            fields.integer("baudrate", 9600, minimum=50, maximum=4_000_000),
            fields.integer("bytesize", 8, minimum=5, maximum=8),
            parity,
            fields.number("stopbits", 1.0, minimum=1, maximum=2),
            timeout_s,
            fields.flag("hold_dtr", False),
            fields.choice("flow_control", "", FLOW_CONTROLS),
        )
        if not fields.text("port"):
            raise NoWay(f"{device.place}: no serial port; write port: /dev/ttyUSB0 under communications:")
    elif kind in ("ethernet", "telnet"):
        if fields.text("kind", "TCP").upper() != "TCP":
            raise NoWay(f"{device.place}: kind UDP loses commands; write kind: TCP")
        way = Tcp(fields.host("host"), fields.port("port"), timeout_s)
        if not way.host or not way.port:
            raise NoWay(f"{device.place}: write host: and port: under communications:")
    else:
        raise NoWay(f"{device.place}: type {kind} is not built yet; use serial or ethernet")
    if report.errors:
        raise NoWay(str(report.errors[0]))
    return way


def write_terminator(device: DeviceFile) -> bytes:
    """`CR`, `LF`, `CRLF`, or `chr(10)` as installed files write it; empty where the file says none. Raises NoWay."""
    word = device.communications.get("write_terminator", "").strip()
    code = _CHR.fullmatch(word)
    if not word or (code and int(code[1]) < 256):
        return bytes([int(code[1])]) if code else b""
    if word.upper() not in TERMINATORS:
        raise NoWay(f"{device.place}: write_terminator {word!r} is not known; write CR, LF, CRLF or chr(13)")
    return TERMINATORS[word.upper()]


def _port_path(port: str) -> str:
    return port if not port or port.startswith("/") or ":" in port else f"/dev/{port}"
