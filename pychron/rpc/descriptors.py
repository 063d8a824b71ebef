"""Room for the connections that are promised: the process's limit of open files."""

from __future__ import annotations

import resource

from twisted.logger import Logger

MOST = 2000
FOR_THE_REST = 128
"""Files, devices and peers of the node itself."""

_log = Logger(namespace="pychron.rpc")


def raise_limit(most: int = MOST) -> int:
    """Raise the soft limit as far as it is needed and allowed; returns how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return most
    wanted = most + FOR_THE_REST
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    room = max(16, min(most, soft - FOR_THE_REST))
    if room < most:
        _log.warn("open files are limited to {soft}: at most {room} connections", soft=soft, room=room)
    return room
