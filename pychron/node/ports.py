"""The node's ports tried before it detaches: a taken one is one line that names file, key and holder."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from pathlib import Path

from pychron.config.problems import Report
from pychron.runtime.plugin import Listening

_LISTENING = "0A"


def try_ports(listens: Iterable[Listening], report: Report, proc: Path = Path("/proc")) -> None:
    """Bind each address for a moment. What cannot be had is an error in `report`."""
    mine: list[Listening] = []
    for listening in listens:
        if listening.port == 0:
            continue
        clash = next((other for other in mine if _overlap(other, listening)), None)
        if clash is not None:
            report.error(
                listening.place,
                f"{listening.key}: port {listening.port} is the one of {clash.key} in {clash.place} too; "
                f"give one of them another port",
            )
            continue
        mine.append(listening)
        why = _try(listening, proc)
        if why:
            report.error(listening.place, f"{listening.key}: {why}")


def _overlap(one: Listening, other: Listening) -> bool:
    everywhere = ("", "0.0.0.0", "::")
    same = one.host == other.host or one.host in everywhere or other.host in everywhere
    return same and one.port == other.port


def _try(listening: Listening, proc: Path) -> str:
    """Empty when the address is free, else what is wrong and what to do."""
    where = f"{listening.host or '0.0.0.0'}:{listening.port}"
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((listening.host, listening.port))
    except socket.gaierror as problem:
        return f"there is no host {listening.host} ({problem.strerror}); write an address of this machine"
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            held = _holder(listening.port, proc)
            return f"port {where} is taken by {held}; stop that, or write another port (0 = any free one)"
        if problem.errno == errno.EADDRNOTAVAIL:
            return f"{listening.host} is no address of this machine; write one of its own, or 0.0.0.0 for all"
        if problem.errno == errno.EACCES:
            return f"port {where} needs the rights of root; write one above 1023"
        return f"port {where} cannot be had: {problem.strerror}"
    return ""


def _holder(port: int, proc: Path) -> str:
    """Who listens on `port`, as far as /proc lets us see."""
    wanted = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    if wanted:
        for process in sorted((p for p in proc.iterdir() if p.name.isdigit()), key=lambda p: int(p.name)):
            if _has_one(process / "fd", wanted):
                return f"{_command(process)} (pid {process.name})"
    return "a process of another user"


def _inodes(port: int, proc: Path) -> list[str]:
    found: list[str] = []
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.append(fields[9])
    return found


def _has_one(descriptors: Path, wanted: set[str]) -> bool:
    try:
        names = list(descriptors.iterdir())
    except OSError:
        return False
    for name in names:
        try:
            if str(name.readlink()) in wanted:
                return True
        except OSError:
            continue
    return False


def _command(process: Path) -> str:
    try:
        words = [
            word for word in (process / "cmdline").read_bytes().decode(errors="replace").split("\0") if word
        ]
    except OSError:
        words = []
    if words and Path(words[0]).name.startswith("python"):
        words = words[1:] or words
    return " ".join([Path(words[0]).name, *words[1:]])[:80] if words else "a process"
