"""How a node that could not set itself up ends: with status 1, which twistd by itself never gives."""

from __future__ import annotations

import atexit
import os
import sys
from typing import Any

from twisted.internet.error import ReactorNotRunning
from twisted.logger import Logger
from twisted.python.failure import Failure

from pychron.rpc.server import CannotListen
from pychron.store.errors import StoreDamaged, StoreFailed

_log = Logger(namespace="pychron.node")

THE_MACHINE_S = (OSError, CannotListen, StoreDamaged, StoreFailed)
"""Faults of the machine and not of the program: their text says where and what to do, a traceback nothing more."""


def end_with_failure(reactor: Any, failure: Failure, what: str) -> None:
    """Log why, stop the reactor, and let the process end with status 1.

    twistd's `run` returns nothing whatever happened, so the interpreter would exit 0. It still removes its pid
    file and closes its log; the status is set by the last thing that runs in the process.
    """
    _log.critical(
        "{what}: {reason}", what=what, reason=failure.getErrorMessage() or type(failure.value).__name__
    )
    if not isinstance(failure.value, THE_MACHINE_S):
        _log.failure("{what}", failure=failure, what=what)
    atexit.register(_leave, 1)
    try:
        reactor.stop()
    except ReactorNotRunning:
        # It was stopped already; what stops it goes on, and the status holds.
        _log.debug("the reactor was not running")


def _leave(status: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
    os._exit(status)
