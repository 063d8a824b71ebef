"""The collector of cycles in the process of a node that is up."""

from __future__ import annotations

import gc

YOUNG = 10_000
"""Objects made and not yet let go between two looks at what is young; 700 with Python's own setting."""


def settle() -> None:
    """What the node consists of is never looked through again, and what comes after it more seldom.

    A look through everything holds the reactor for tens of milliseconds on a small machine, and finds nothing: plugins, classes
    and tables stay as long as the process. What an actuation makes is let go without the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
