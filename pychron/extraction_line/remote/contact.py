"""Contact with one valve controller: its dialect, looks at its line, broadcasts, its loss and its return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from pychron.broadcast.sequence import Apply, Lost, Reset
from pychron.broadcast.subscriber import Subscriber, Told
from pychron.events.bus import EventBus
from pychron.extraction_line.events import ChecksumDiffered, PeerChanged
from pychron.extraction_line.remote.compare import compare, unlisted
from pychron.extraction_line.remote.file import RemoteSettings
from pychron.extraction_line.remote.installed import InstalledPeer
from pychron.extraction_line.remote.link import Link, LinkCut, LinkDown
from pychron.extraction_line.remote.own import OwnPeer
from pychron.extraction_line.remote.states import RemoteStates
from pychron.extraction_line.remote.views import BadReply, RemotePicture, read_picture
from pychron.extraction_line.specs import LineSpec
from pychron.runtime.spawn import Spawner
from pychron.runtime.world import World

MISSED_MOST = 3
"""Polls in a row without an answer until the controller is lost; a connection that ends is enough at once."""
Failed = (LinkDown, LinkCut, BadReply)


@dataclass(frozen=True, slots=True)
class Due:
    """What a tick of the status monitor asks for."""

    states: bool = True
    locks: bool = True
    owners: bool = True
    checksum: bool = False

    def __bool__(self) -> bool:
        return self.states or self.locks or self.owners or self.checksum


EVERYTHING = Due()


class Contact:
    """Keeps `states` true to one controller. `own` are its switches as this node's valves file has them."""

    log = Logger()

    def __init__(
        self, settings: RemoteSettings, link: Link, world: World, bus: EventBus, own: LineSpec | None
    ) -> None:
        self.settings = settings
        self.own = own
        self.states = RemoteStates(settings.name, own.by_name if own is not None else {})
        self.peer: OwnPeer | InstalledPeer | None = None
        """None until its dialect is known."""
        self.refused = ""
        """Why this node will not work with it (safety rule 21); empty where it will."""
        self.differences: tuple[str, ...] = ()
        """Texts of what the two valves files do not agree in."""
        self.polls = 0
        self.polls_failed = 0
        self._link = link
        self._world = world
        self._bus = bus
        self._spawner = Spawner()
        self._subscriber: Subscriber | None = None
        self._missed = 0
        self._said_down = ""
        self.last: OwnPeer | None = None
        """One of ours, also while it is lost: a connection to it may stand."""
        self._compared: object = None
        self._differing = False
        self.stopped = True

    @property
    def now(self) -> float:
        """Wire seconds."""
        return float(self._world.wire.seconds())

    @property
    def frames_dropped(self) -> int:
        """Broadcasts of it for which there was no room; a snapshot made up for them."""
        return self._subscriber.dropped if self._subscriber is not None else 0

    # ---- life

    async def start(self) -> None:
        """Begin, and return after the first answer or the first failure, which is reported at once."""
        self.stopped = False
        self._link.start(self._up, self._down)
        await self.poll(EVERYTHING)

    async def stop(self) -> None:
        """No further request; what is under way ends."""
        self.stopped = True
        if self._subscriber is not None:
            self._subscriber.stop()
            self._subscriber = None
        await self._link.stop()
        self._spawner.cancel()

    def _up(self) -> None:
        if not self.stopped:
            self._spawner.spawn(self.poll(EVERYTHING), f"looking at {self.settings.name}")

    def _down(self, why: str) -> None:
        if not self.stopped:
            self.lose(why)

    def publish(self, events: list[object]) -> None:
        """Put events on the node's bus, in order."""
        for event in events:
            self._bus.publish(event)

    # ---- looking

    async def known(self) -> OwnPeer | InstalledPeer:
        """The peer, its dialect learned by a harmless request. Raises LinkDown, LinkCut."""
        if self.peer is None:
            version = await self._link.version(self.settings.timeout_s)
            if version.ours:
                self.peer = self.last = OwnPeer(self._link, self.settings)
                self._follow()
            else:
                self.last = None
                self.peer = InstalledPeer(self._link, self.settings, self.states, self._world.wire)
                self.log.info(
                    "{who} is an installed Pychron server: it is polled, takes no claims and tells no interlocks",
                    who=str(self.settings),
                )
        return self.peer

    async def look(self, due: Due = EVERYTHING) -> None:
        """Ask now for the whole line. Raises LinkDown, LinkCut, BadReply."""
        peer, asked_at = await self.known(), self.now
        if isinstance(peer, OwnPeer):
            self.take(await peer.look(), asked_at)
            return
        if due.states:
            self.take(await peer.look_states(), asked_at, settles=())
        if due.locks:
            self.take(await peer.look_locks(), asked_at, settles=(), states_too=False)
        if due.owners:
            self.take(await peer.look_owners(), asked_at, settles=(), states_too=False)
        if due.checksum:
            await self._compare_checksums(peer)

    async def poll(self, due: Due) -> None:
        """As `look`; a failure marks nothing closed: states grow old, and a lost controller is told."""
        self.polls += 1
        try:
            await self.look(due)
        except CancelledError:
            return
        except Failed as problem:
            self.polls_failed += 1
            self.missed(problem)

    def take(
        self,
        picture: RemotePicture,
        asked_at: float,
        *,
        settles: tuple[str, ...] | None = None,
        states_too: bool = True,
    ) -> None:
        """What it said, unless one of the two is simulated and the other is not."""
        if self.stopped:
            return
        self._missed = 0
        if picture.simulated is not self._world.simulated and not self.settings.accept_simulated:
            self._refuse(picture.simulated)
            return
        self.refused = ""
        self._said_down = ""
        was_lost = self.states.lost
        self.publish(
            self.states.snapshot(picture, asked_at, self.now, settles=settles, states_too=states_too)
        )
        if was_lost and not self.states.lost:
            self.log.info("{who} answers", who=str(self.settings))
        if states_too:
            self._compare(picture)

    def missed(self, problem: Exception) -> None:
        """A request had no answer."""
        self._missed += 1
        ended = isinstance(problem, LinkDown) or (isinstance(problem, LinkCut) and problem.closed)
        if ended or self._missed >= MISSED_MOST or self.states.told_at is None:
            self.lose(str(problem))

    def lose(self, why: str) -> None:
        """It is lost: unknown everywhere, at once; said once, by name, address, file and line."""
        self.peer = None  # perhaps another version comes back
        text = f"{self.settings} does not answer: {why}; its switches are unknown; it is tried again"
        if self.states.lost:
            if not self._said_down:
                self.publish([PeerChanged(self.settings.name, False, text)])
        else:
            self.publish(self.states.lose(text, self.now))
        self.states.why_lost = text
        if not self._said_down:
            self.log.error("{text}", text=text)
        self._said_down = text

    def _refuse(self, simulated: bool) -> None:
        which = "is simulated and this node is not" if simulated else "is real and this node is simulated"
        text = (
            f"{self.settings} {which}: it is not used; "
            f"write accept_simulated: true in {self.settings.place.file} if it is meant to be"
        )
        if not self.refused:
            self.log.error("{text}", text=text)
            if self.states.lost:
                self.publish([PeerChanged(self.settings.name, False, text)])
        self.refused = text
        self.publish(self.states.lose(text, self.now))
        self.states.why_lost = text

    # ---- two files, two checksums

    def _compare(self, picture: RemotePicture) -> None:
        if self.own is None:
            return
        peer = picture.switches
        if isinstance(self.peer, InstalledPeer):
            found = {n: f"{self.settings.name} does not tell it" for n in self.own.by_name if n not in peer}
            texts = tuple(f"{self.own.by_name[n].place}: {n}: {why}" for n, why in found.items())
        else:
            differences = compare(self.own, tuple(self.own.by_name), peer, str(self.settings))
            found = {d.switch: str(d) for d in differences}
            texts = tuple(found.values())
        extra = unlisted(self.own, peer)
        if extra:
            texts = (
                *texts,
                f"{self.settings}: {', '.join(extra)}: not in this node's valves file, nobody here can turn them",
            )
        if texts == self._compared:
            return
        self._compared = texts
        self.differences = texts
        for text in texts:
            self.log.warn("{text}", text=text)
        self.publish(self.states.service(found, self.now))

    async def _compare_checksums(self, peer: InstalledPeer) -> None:
        sums = await peer.checksums()
        if sums is None:
            return
        ours, theirs = sums
        if ours == theirs:
            self._differing = False
            return
        before = {n: self.states.view(n, self.now).state for n in self.states.names()}
        await self.look(EVERYTHING)
        if not self._differing:
            changed = tuple(n for n in before if self.states.view(n, self.now).state is not before[n])
            self.publish([ChecksumDiffered(self.settings.name, ours, theirs, changed)])
        self._differing = True

    # ---- broadcasts

    def _follow(self) -> None:
        if self._subscriber is None and self.settings.publish_port and not self.stopped:
            host, port = self.settings.host, self.settings.publish_port
            self._subscriber = Subscriber(self._world, host, port, self.told)
            self._subscriber.start()

    def told(self, output: Told) -> None:
        """What the follower of its broadcasts made of them."""
        if self.stopped or self.refused:
            return
        if isinstance(output, Apply):
            m = output.message
            events, behind = self.states.event(m.boot, m.seq, m.kind, m.payload, self.now)
            self.publish(events)
            if behind:
                self._up()
        elif isinstance(output, Reset):
            snapshot = output.snapshot
            part = _line_of(snapshot.state)
            if part is None:
                return
            told = {**part, "node": snapshot.node, "boot": snapshot.boot, "seq": snapshot.seq}
            told["simulated"] = snapshot.simulated or part.get("simulated")
            try:
                picture = read_picture(told, self.settings.name)
            except BadReply:
                return
            self.take(picture, self.now, settles=())
        elif isinstance(output, Lost) and self.states.told_at is not None:
            self.lose(f"its broadcasts: {output.why}")
            self._up()


def _line_of(state: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The part of a snapshot that lists valves, whatever its area is called."""
    return next(
        (p for p in state.values() if isinstance(p, Mapping) and isinstance(p.get("valves"), list)), None
    )
