"""StatusMonitor: asks one valve controller at fixed intervals what its switches are (spec 7, the seed's table).

Broadcasts tell a change at once; the monitor finds what they missed, keeps ages young and notices a controller that
went away. A tick that fails never stops it.
"""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime

from pychron.extraction_line.remote.contact import EVERYTHING, Contact, Due
from pychron.extraction_line.remote.file import Polls
from pychron.extraction_line.remote.installed import InstalledPeer
from pychron.runtime.periodic import Periodic

NOTHING = Due(states=False, locks=False, owners=False)


def due(tick: int, polls: Polls) -> Due:
    """What tick number `tick` asks for; the first one (0) asks for all. A frequency of 0 never does."""

    def at(freq: int) -> bool:
        return freq > 0 and tick % freq == 0

    return Due(at(polls.state_freq), at(polls.lock_freq), at(polls.owner_freq), at(polls.checksum_freq))


class StatusMonitor:
    """Polls one controller; `clock` is the wire clock. A tick whose poll is still under way is left out."""

    def __init__(self, contact: Contact, clock: IReactorTime) -> None:
        self._contact = contact
        self._polls = contact.settings.polls
        self._tick = 0
        self._periodic = Periodic(
            clock, self._polls.update_period_s, self._look, f"the status monitor of {contact.settings.name}"
        )

    @property
    def running(self) -> bool:
        """True between start and stop, whatever its ticks met."""
        return self._periodic.running

    @property
    def ticks(self) -> int:
        """Ticks so far."""
        return self._tick

    def start(self) -> None:
        """The first tick is at once."""
        self._periodic.start(now=True)

    def stop(self) -> None:
        """No further tick."""
        self._periodic.stop()

    async def _look(self) -> None:
        wanted = due(self._tick, self._polls)
        self._tick += 1
        if self._contact.states.lost and self._polls.state_freq > 0:
            wanted = EVERYTHING  # a lost controller is tried at each tick, and is then wanted as a whole
        elif not isinstance(self._contact.peer, InstalledPeer) and wanted:
            wanted = EVERYTHING  # one of ours says all of it in one reply
        if wanted:
            await self._contact.poll(wanted)
