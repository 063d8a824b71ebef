"""`[Communications]` of a device file as a frozen value: where the instrument is, and how its lines end. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pychron.config.device_file import COMMUNICATIONS, DeviceFile
from pychron.config.problems import Report

PARITIES = {"none": "N", "even": "E", "odd": "O", "n": "N", "e": "E", "o": "O"}


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


@dataclass(frozen=True, slots=True)
class Tcp:
    """A host and port."""

    host: str
    port: int
    timeout_s: float = 1.0


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


def _port_path(port: str) -> str:
    return port if not port or port.startswith("/") or ":" in port else f"/dev/{port}"
