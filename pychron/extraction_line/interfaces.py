"""What scripts, verbs, the page and the command line ask of an extraction line, local, remote or mixed."""

from __future__ import annotations

from collections.abc import Callable

from zope.interface import Interface

from pychron.extraction_line.states import Action, Lock, SwitchView
from pychron.runtime.values import frozen
from pychron.trust.rights import Peer


@frozen
class Command:
    """One wish to open or close a switch."""

    switch: str
    action: Action
    peer: Peer
    asked_at: float
    """Wire seconds when it was received."""
    within: float = 2.0
    """It is not begun later than this after `asked_at`."""
    id: str | None = None
    """Identity of a command of our own clients; the same id again gets the same outcome and drives nothing."""
    token: int | None = None
    """The claim's token, where it has one."""
    still_there: Callable[[], bool] = lambda: True
    stood_still: bool = False


@frozen
class Done:
    """An actuation that succeeded. `changed` False: it was already so, confirmed by a fresh read-back (`ok`)."""

    switch: str
    action: Action
    changed: bool
    count: int = 0
    failed_children: tuple[str, ...] = ()
    """Each `NAME: why`: its parent moved and it did not. An alarm stands."""


class IExtractionLine(Interface):
    """Raises pychron.extraction_line.errors. Names are those of the lab's valves file."""

    def names() -> tuple[str, ...]:
        """In load order, which is word order."""

    def resolve(name: str = "", description: str = "") -> str:
        """The switch's name; where both are given both must match. Raises UnknownSwitch with the nearest name."""

    def view(name: str) -> SwitchView:
        """From memory."""

    async def actuate(command: Command) -> Done:
        """Open or close, with children, through every rule; returns only when it is confirmed and on disk."""

    async def refresh(name: str) -> SwitchView:
        """Ask the hardware now."""

    async def lock(name: str, who: Peer, why: str) -> Lock:
        """Soft lock, on disk before it returns."""

    async def unlock(name: str, who: Peer, why: str) -> None:
        """Refused where it cannot be written."""

    def why(name: str, action: Action, peer: Peer) -> tuple[str, ...]:
        """What would block this actuation now, each with its remedy; empty where nothing does."""

    def settling_s(name: str) -> float:
        """Settling and check times of the switch and its plan: what a client adds to its time-out."""
