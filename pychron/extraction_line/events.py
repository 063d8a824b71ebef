"""What the extraction line tells the node's bus. Each is published once, after it is on disk."""

from __future__ import annotations

from pychron.extraction_line.states import SwitchView
from pychron.runtime.values import frozen


@frozen
class SwitchChanged:
    """A switch is something else now. `commanded` is False when nobody asked for it."""

    view: SwitchView
    before: str
    commanded: bool
    peer: str = ""
    command_id: str = ""


@frozen
class LockChanged:
    """A soft lock was set or taken away."""

    view: SwitchView
    who: str
    why: str


@frozen
class OwnerChanged:
    """A claim was granted, renewed for other switches, lost, released, or became orphaned."""

    switches: tuple[str, ...]
    owner: str
    orphaned: bool
    why: str


UNCOMMANDED = "uncommanded:"
"""Begins the key of an alarm that tells of a moment and is never over: a switch was found in another position."""


@frozen
class AlarmRaised:
    """Somebody must act. `key` names the episode, so that it is raised once."""

    key: str
    text: str
    switches: tuple[str, ...] = ()


@frozen
class AlarmCleared:
    """The reason of the alarm `key` has gone."""

    key: str
    text: str


@frozen
class MadeSafe:
    """Somebody asked for MAKE SAFE: what runs by itself on this node stops."""

    by: str


@frozen
class ShotCounted:
    """A pipette gave a shot."""

    pipette: str
    counts: int
    wall: float


@frozen
class LineStep:
    """A step of the way from a script to a relay, for people who watch it happen."""

    number: int
    text: str
    wall: float


@frozen
class LineSteps:
    """Steps that were taken, told together."""

    steps: tuple[LineStep, ...]


@frozen
class PeerChanged:
    """A node that owns valves was lost, came back, or moved to another address."""

    peer: str
    connected: bool
    why: str


@frozen
class ChecksumDiffered:
    """States here and on an installed server did not agree: both sums, and what the full read then changed."""

    peer: str
    ours: str
    theirs: str
    changed: tuple[str, ...]
