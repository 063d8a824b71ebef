"""Automatic reduction: follows a pyexperiment's broadcast and the repositories, reduces what is new, publishes, commits nothing.

One look at a time: news that comes during a look makes another one follow. What must survive a kill is one small file: the commit of
each repository up to which results were published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from zope.interface import implementer

from pychron.broadcast.sequence import Lost, Reset
from pychron.broadcast.subscriber import Subscriber, Told
from pychron.dvc.committing import as_bytes, write_durably
from pychron.dvc.errors import DvcError
from pychron.dvc.layout import is_uuid
from pychron.dvc.locations import Locations
from pychron.events.bus import EventBus
from pychron.extraction_line.events import PeerChanged
from pychron.pipeline.events import (
    ControlChart,
    ControlPointAdded,
    Following,
    Panel,
    RepositoryFollowed,
    RunMissing,
    RunningSample,
    RunningSampleChanged,
)
from pychron.pipeline.following.keeping import Keeper, Look, Source, why_unreadable
from pychron.pipeline.following.pulling import Git, Pulled, Pulls, identities
from pychron.pipeline.interfaces import IRunningSample
from pychron.pipeline.settings import Settings
from pychron.runtime.periodic import Periodic
from pychron.runtime.spawn import Spawner
from pychron.runtime.world import World

FILE = "followed.json"
FIRST_WAIT_S = 2.0
"""An announced analysis that is not in any repository yet is looked for again after this time, then after twice that ..."""
LONGEST_WAIT_S = 60.0
GIVE_UP_S = 600.0
"""... and is told as missing after this time."""
LEFT_OUT = (Following.ABSENT,)


@implementer(IRunningSample)
class AutomaticReduction:
    """Owns the subscriber, the poll and the looks."""

    log = Logger()

    def __init__(
        self, world: World, bus: EventBus, locations: Locations, settings: Settings, state_folder: Path
    ) -> None:
        self._world = world
        self._bus = bus
        self._locations = locations
        self._settings = settings
        self._file = state_folder / FILE
        self._keeper = Keeper(settings)
        self._spawner = Spawner()
        self._poll = Periodic(world.wire, settings.poll_s, self.look, "looking for new analyses")
        self._subscriber: Subscriber | None = None
        self._heard: bool | None = None
        """Whether the pyexperiment is heard; None before the first word of it"""
        self._looking = False
        self._again = False
        self._stopped = False
        self._published: dict[str, str] | None = None
        """Folder -> commit up to which results were published; None before the file was read"""
        self._commits: dict[Path, str] = {}
        """Up to which commit a repository is reduced, in this process"""
        self._meta: Source | None = None
        self._meta_why = ""
        """Why the metadata cannot be read, whatever git says of them"""
        self._followed: dict[str, RepositoryFollowed] = {}
        self._awaited: dict[str, float] = {}
        """Announced uuids that no repository has yet -> when they were announced"""
        self._wait_s = FIRST_WAIT_S
        self._retry: IDelayedCall | None = None
        self._newest: RunningSample | None = None
        """The running sample as it is known; `_running` is what was drawn of it"""
        self._running: RunningSample | None = None
        self._panels: tuple[Panel, ...] = ()
        self._charts: tuple[ControlChart, ...] = ()
        self.reduced = 0
        """Analyses reduced since the start"""
        self.looks = 0

    # ---- IRunningSample

    def current(self) -> RunningSample | None:
        return self._running

    def panels(self) -> tuple[Panel, ...]:
        return self._panels

    def charts(self) -> tuple[ControlChart, ...]:
        return self._charts

    def repositories(self) -> tuple[RepositoryFollowed, ...]:
        return tuple(self._followed[name] for name in sorted(self._followed))

    # ---- life

    def start(self) -> None:
        """Begin to follow; the first look is at once."""
        settings = self._settings
        if settings.host:
            subscriber = Subscriber(self._world, settings.host, settings.port, self._told)
            subscriber.subscribe("RunAdded", self.announced)
            subscriber.start()
            self._subscriber = subscriber
        self._poll.start()
        self.look()

    def stop(self) -> None:
        """No further look, and the one under way is given up: it writes nothing but one small file, by rename. May be called twice."""
        self._stopped = True
        if self._poll.running:
            self._poll.stop()
        if self._subscriber is not None:
            self._subscriber.stop()
        if self._retry is not None and self._retry.active():
            self._retry.cancel()
        # What is left under way is git, which has a deadline of its own, and the pool.
        self._spawner.cancel()

    # ---- news

    def announced(self, text: str) -> None:
        """`RunAdded <uuid>`."""
        uuid = text.strip()
        if not is_uuid(uuid):
            self.log.warn("RunAdded with {text!r}, which is no uuid, was left alone", text=uuid[:80])
            return
        self._awaited.setdefault(uuid.lower(), self._world.wire.seconds())
        self._wait_s = FIRST_WAIT_S
        self.look()

    def _told(self, what: Told) -> None:
        """Whether the pyexperiment is heard; what it says of valves is not for this node."""
        name = f"{self._settings.host}:{self._settings.port}"
        heard = not isinstance(what, Lost)
        if not isinstance(what, Reset | Lost) or heard == self._heard:
            return
        self._heard = heard
        self._bus.publish(PeerChanged(name, heard, what.why))
        if heard:
            # What was added while it was not heard was not announced to this node.
            self.look()

    def following(self) -> dict[str, Any]:
        """For snapshots: whom it listens to, and whether that one is heard."""
        return {"host": self._settings.host, "port": self._settings.port, "heard": self._heard}

    # ---- looks

    def look(self) -> None:
        """Look at every repository, once more where a look is under way."""
        self._again = True
        if not self._looking and not self._stopped:
            self._looking = True
            self._spawner.spawn(self._look(), "automatic reduction")

    async def _look(self) -> None:
        try:
            while self._again and not self._stopped:
                self._again = False
                self.looks += 1
                await self._look_once()
        finally:
            self._looking = False

    async def _look_once(self) -> None:
        if self._published is None:
            self._published = await self._world.pool.run(_read, self._file)
        meta, everything = await self._look_at_meta()
        self._meta = meta
        present = self._locations.repository_folders()
        pulls = Pulls(self._pull, present)
        try:
            for _ in present:
                folder, pulled = await pulls.next()
                if self._stopped:
                    return
                await self._look_at(folder, pulled, meta, everything)
        finally:
            pulls.stop()
        self._tell_of_the_gone(present)
        await self._draw(meta)
        self._look_for_awaited()

    async def _look_at_meta(self) -> tuple[Source, bool]:
        """The metadata, and whether they are others than at the last look: then every age is computed anew."""
        folder = self._locations.meta
        pulled = await self._pull(folder)
        source = Source(folder, pulled.commit)
        changed = source != self._meta
        if not pulled.commit and folder.is_dir():
            paths = await self._world.pool.run(self._keeper.changed_paths, folder)
            changed = changed or bool(paths)
        if changed:
            self._meta_why = await self._world.pool.run(why_unreadable, source)
        if self._meta_why and pulled.state not in LEFT_OUT:
            pulled = Pulled(Following.ABSENT, self._meta_why, pulled.commit)
        self._stands(folder, pulled)
        return source, changed

    async def _pull(self, folder: Path) -> Pulled:
        git = Git(self._world.processes, folder, self._locations.pull_s)
        return await git.look(self._locations.pull)

    def _stands(self, folder: Path, pulled: Pulled) -> None:
        state = RepositoryFollowed(folder.name, pulled.state, pulled.why, pulled.commit, self._world.wall())
        self._tell(state)

    def _tell(self, state: RepositoryFollowed) -> None:
        """A state goes out where it is another one; a commit alone is told by its analyses."""
        old = self._followed.get(state.repository)
        self._followed[state.repository] = state
        if old is None or (old.state, old.why) != (state.state, state.why):
            self._bus.publish(state)
            if state.why:
                self.log.warn(
                    "{name}: {state}: {why}", name=state.repository, state=state.state.value, why=state.why
                )

    def _tell_of_the_gone(self, present: tuple[Path, ...]) -> None:
        names = {folder.name for folder in present} | {self._locations.meta.name}
        for name in sorted(set(self._followed) - names):
            old = self._followed[name]
            why = f"the folder of {name} is gone; clone it again, its results are kept until the restart"
            self._tell(replace(old, state=Following.ABSENT, why=why, time=self._world.wall()))

    async def _look_at(self, folder: Path, pulled: Pulled, meta: Source, everything: bool) -> None:
        self._stands(folder, pulled)
        if pulled.state in LEFT_OUT:
            return
        first = folder not in self._commits
        published = (self._published or {}).get(str(folder), "")
        wanted, news = await self._wanted(folder, pulled.commit, first, published)
        if everything and not first:
            wanted = None
        if wanted is not None and not wanted:
            self._commits[folder] = pulled.commit
            return
        source = Source(folder, pulled.commit)
        try:
            look = await self._world.pool.run(self._keeper.look, source, meta, wanted, self._world.wall())
        except (DvcError, OSError) as problem:
            self._tell(
                RepositoryFollowed(
                    folder.name, Following.ABSENT, str(problem), pulled.commit, self._world.wall()
                )
            )
            return
        self._commits[folder] = pulled.commit
        self.reduced += len(look.reduced)
        self._publish(look, None if not first else news)
        if pulled.commit and pulled.commit != published:
            await self._remember(folder, pulled.commit)
        self._newest = look.running

    async def _wanted(
        self, folder: Path, commit: str, first: bool, published: str
    ) -> tuple[frozenset[str] | None, frozenset[str] | None]:
        """Identities to reduce (None: all), and at a first look those that are news since the last life of this node."""
        git = Git(self._world.processes, folder, self._locations.pull_s)
        if not commit:
            changed = await self._world.pool.run(self._keeper.changed_paths, folder)
            return (None if changed is None else identities(changed)), frozenset()
        if first:
            if not published or published == commit:
                return None, frozenset()
            paths = await git.changed(published, commit)
            return None, None if paths is None else identities(paths)
        old = self._commits[folder]
        if old == commit:
            return frozenset(), None
        paths = await git.changed(old, commit)
        return (None if paths is None else identities(paths)), None

    def _publish(self, look: Look, news: frozenset[str] | None) -> None:
        """Results that are not as before; at a first look those that are `news`. Then points of charts."""
        told = [
            one
            for one in look.fresh
            if news is None or self._keeper.identity(one) in news or one.uuid.lower() in self._awaited
        ]
        before = {chart.name: {p.record_id for p in chart.points} for chart in self._charts}
        self._charts = look.charts
        for result in told:
            self._bus.publish(result)
        names = {one.record_id for one in told}
        for chart in look.charts:
            for point in chart.points:
                if point.record_id in names and point.record_id not in before.get(chart.name, set()):
                    self._bus.publish(
                        ControlPointAdded(chart.name, chart.units, point, chart.centre, chart.sigma)
                    )
        if told:
            self.log.info("{n} analyses reduced: {last} is the last", n=len(told), last=told[-1].record_id)

    async def _remember(self, folder: Path, commit: str) -> None:
        assert self._published is not None
        self._published[str(folder)] = commit
        await self._world.pool.run(_write, self._file, dict(self._published))

    async def _draw(self, meta: Source) -> None:
        """The running sample's panels, where it grew or changed; after the ages went out, because drawing takes longer."""
        running = self._newest
        if running is None or (self._running is not None and running.analyses == self._running.analyses):
            return
        folder = self._locations.repositories / running.repository
        source = Source(folder, self._commits.get(folder, ""))
        try:
            panels = await self._world.pool.run(self._keeper.draw, running, source, meta)
        except (DvcError, OSError) as problem:
            self.log.warn("the running sample was not drawn: {problem}", problem=problem)
            panels = ()
        self._running, self._panels = running, panels
        self._bus.publish(RunningSampleChanged(running.identifier, running.updated))

    def _look_for_awaited(self) -> None:
        now = self._world.wire.seconds()
        for uuid in [one for one in self._awaited if self._keeper.knows(one)]:
            del self._awaited[uuid]
        for uuid, since in list(self._awaited.items()):
            if now - since >= GIVE_UP_S:
                del self._awaited[uuid]
                why = f"no repository in {self._locations.repositories} has it; is its repository cloned there, and pushed?"
                self._bus.publish(RunMissing(uuid, now - since, why))
        if self._awaited and not (self._retry is not None and self._retry.active()) and not self._stopped:
            self._retry = self._world.wire.callLater(self._wait_s, self.look)
            self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)


def _read(path: Path) -> dict[str, str]:
    """What was published; nothing where the file is not there or damaged: then all counts as known."""
    try:
        found = json.loads(path.read_bytes())
        return {str(folder): str(commit) for folder, commit in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _write(path: Path, commits: Mapping[str, Any]) -> None:
    write_durably(path, as_bytes(commits))
