"""The reactor's time made monotonic: Twisted counts with `time.time`, which an operator or NTP may step."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

boot_seconds = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
"""Seconds since the machine was switched on, sleep included (CLOCK_BOOTTIME); monotonic elsewhere than Linux.

Within one boot of the machine the figures of two processes, or of two starts of a node, can be compared. No function of our own:
the reactor asks in each of its turns.
"""


def make_monotonic(reactor: Any) -> None:
    """Let `reactor` count with `boot_seconds`: its timers, and all that asks `reactor.seconds`.

    Raises RuntimeError when something is scheduled already: its time was taken from the wall clock.
    """
    if reactor.seconds is boot_seconds:
        return
    waiting = reactor.getDelayedCalls()
    if waiting:
        raise RuntimeError(f"the clock must be replaced before anything is scheduled; waiting: {waiting[0]}")
    reactor.seconds = boot_seconds
