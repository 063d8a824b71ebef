"""ExtractionLineManager: carries what the switch machine decides to disk and drivers, and their results back.

It decides nothing about valves itself. Every input of the machine passes through `_carry`, so what is cached from
the line's states is dropped there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.config.problems import nearest
from pychron.events.bus import EventBus
from pychron.extraction_line.by_hand import ByHand
from pychron.extraction_line.claims.leases import Leases
from pychron.extraction_line.claims.owners import Owners
from pychron.extraction_line.errors import (
    ChildFailed,
    NotOwner,
    NotStored,
    Stopping,
    UnknownSwitch,
)
from pychron.extraction_line.events import LockChanged, SwitchChanged
from pychron.extraction_line.interfaces import Command, Done, IExtractionLine
from pychron.extraction_line.keeping.counts import Counts
from pychron.extraction_line.keeping.recording import Recording
from pychron.extraction_line.keeping.records import unmoved_records
from pychron.extraction_line.machine import rules
from pychron.extraction_line.machine.actuations import (
    Drive,
    Output,
    Outputs,
    Publish,
    Read,
    Reply,
    Settle,
    StoreIntent,
    StoreOutcome,
)
from pychron.extraction_line.machine.line_state import Line, is_manual
from pychron.extraction_line.machine.plans import expand
from pychron.extraction_line.machine.repeats import sender
from pychron.extraction_line.machine.rules import Grounds
from pychron.extraction_line.machine.switches import STOPPING, SwitchMachine
from pychron.extraction_line.relays import Relays
from pychron.extraction_line.states import Action, Lock, State, SwitchView
from pychron.extraction_line.steps import Steps
from pychron.hardware.interfaces import NoAnswer, NotBegun, Reading, Rejected, Unavailable
from pychron.runtime.spawn import Spawner
from pychron.runtime.world import World
from pychron.store.errors import StoreFailed
from pychron.store.node_file import NodeStore
from pychron.store.records import AuditEntry, LastState, Record, SoftLock, SoftUnlock
from pychron.trust.rights import Peer


@dataclass(frozen=True, slots=True)
class LineOptions:
    """What of the manager can be set in a root."""

    refresh_s: float = 3.0
    """Wire seconds between readings of everything that can be read; 0 = only what is unknown."""
    system_host: str = ""
    """The one address that may open, where the file names one (`<system master_host=...>`)."""


Permit = Callable[[str], str]


@implementer(IExtractionLine)
class ExtractionLineManager:
    """The local line of a node."""

    log = Logger()

    def __init__(
        self,
        world: World,
        line: Line,
        relays: Relays,
        store: NodeStore,
        bus: EventBus,
        counts: Counts,
        permit: Permit = lambda name: "",
        options: LineOptions | None = None,
    ) -> None:
        self.world = world
        self.line = line
        self.relays = relays
        self.store = store
        self.bus = bus
        self.counts = counts
        self.options = options or LineOptions()
        self._permit = permit
        self.leases = Leases(line)
        self.machine = SwitchMachine(line, self.grounds, world.boot)
        self.owners = Owners(self)
        self.by_hand = ByHand(self)
        self.recording = Recording(self)
        self.spawner = Spawner()
        self.stopping = False
        self.actuations = 0
        self.refusals = 0
        self._request = 0
        self._asked: dict[int, tuple[Command, Deferred[Done]]] = {}
        self._wake: IDelayedCall | None = None
        self.steps = Steps(world, bus)
        self._carriers: dict[type[Output], Callable[[Any], None]] = {
            Publish: self._publish,
            Reply: self._reply,
            StoreIntent: self.recording.intent,
            Drive: self._hand_over,
            Settle: self._settle,
            Read: self._read_back,
            StoreOutcome: self.recording.outcome,
        }
        self.changed: list[Callable[[], None]] = []
        """Called whenever any state may have changed: whoever caches words drops them."""

    @property
    def now(self) -> float:
        """Wire seconds."""
        now: float = self.world.wire.seconds()
        return now

    # ---- what rules ask

    def grounds(self, command: Command, now: float) -> Grounds:
        """What the rules ask for this command."""
        peer, token = command.peer, command.token

        def access(name: str, action: Action) -> NotOwner | None:
            return self.owners.access(name, action, peer, sender(command), token, self.now)

        return Grounds(access, lambda switch: self._permit(switch.name))

    # ---- IExtractionLine

    def names(self) -> tuple[str, ...]:
        """In load order."""
        return tuple(self.line.switches)

    def resolve(self, name: str = "", description: str = "") -> str:
        """By name, or by description; both must match where both are given."""
        if name and not description:
            if name in self.line.switches:
                return name
            raise UnknownSwitch(name, f"no switch of that name{nearest(name, self.line.switches)}")
        found = [s.name for s in self.line if s.spec.description == description and name in ("", s.name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownSwitch(description, f"{' and '.join(found)} are both described so; use the name")
        hint = nearest(description, (s.spec.description for s in self.line if s.spec.description))
        raise UnknownSwitch(description or name, f"no switch is described so{hint}")

    def view(self, name: str) -> SwitchView:
        """From memory."""
        self.resolve(name)
        owner, orphaned = self.owners.of(name)
        return self.line.view(name, self.now, owner, orphaned)

    async def actuate(self, command: Command) -> Done:
        """Open or close, through every rule."""
        name = self.resolve(command.switch)
        switch = self.line.switches[name]
        if self.stopping and command.action is Action.OPEN:  # closes go on: a script may be cleaning up
            raise Stopping(name, STOPPING)
        if is_manual(switch):
            return self.by_hand.actuate(name, command)
        self._request += 1
        self.steps.take(7, "ExtractionLineManager: {} {} for {}", command.action, name, command.peer)
        done: Deferred[Done] = Deferred()
        self._asked[self._request] = (command, done)
        self.carry(self.machine.ask(self._request, command, self.now))
        result = await done
        if result.failed_children:
            raise ChildFailed(name, f"it is turned; {'; '.join(result.failed_children)}")
        return result

    def audit_refused(self, peer: Peer, what: str, switch: str, why: str) -> None:
        """A refusal that no rule of the line made goes to the audit too."""
        self.in_its_own_time(self.audit(peer, what, switch, why))

    async def refresh(self, name: str) -> SwitchView:
        """Ask the hardware now."""
        self.resolve(name)
        if self.line.switches[name].hardware.readable:
            await self.read((name,))
        return self.view(name)

    async def read(self, names: tuple[str, ...]) -> None:
        """Read switches back, for no actuation."""
        await self._read(Read(names))

    async def lock(self, name: str, who: Peer, why: str) -> Lock:
        """Soft lock. It holds at once, and is on disk when this returns."""
        self.resolve(name)
        lock = Lock(str(who), why, self.world.wall())
        self.line.switches[name].lock = lock
        self.dropped()
        await self.kept(name, SoftLock(name, lock.who, why, lock.when), self.audit(who, "lock", name, why))
        self.bus.publish(LockChanged(self.view(name), lock.who, why))
        return lock

    async def unlock(self, name: str, who: Peer, why: str) -> None:
        """Take a soft lock away, first on disk."""
        self.resolve(name)
        switch, lock = self.line.switches[name], self.line.switches[name].lock
        try:
            await self.kept(name, SoftUnlock(name), self.audit(who, "unlock", name, why))
        except NotStored:
            if switch.lock is not None:  # the unlocking was given up, and may be on disk all the same
                still = switch.lock
                self.in_its_own_time(SoftLock(name, still.who, still.why, still.when))
            raise
        if switch.lock is lock:  # else locked again while this was written, and later on disk too
            switch.lock = None
            self.dropped()
            self.bus.publish(LockChanged(self.view(name), str(who), why))

    def why(self, name: str, action: Action, peer: Peer) -> tuple[str, ...]:
        """What would block this actuation now."""
        self.resolve(name)
        command = Command(name, action, peer, self.now)
        grounds = self.grounds(command, self.now)
        found = self.by_hand.missing(name, action)
        plan = expand(self.line, name, action)
        before: dict[str, Action] = {}
        for switch, turn in plan:
            if turn is Action.OPEN and self.line.switches[switch].starting:
                found.append(f"{switch}: its first read-back has not come yet; try again in a moment")
            found += [str(b) for b in rules.blockers(self.line, switch, turn, grounds, dict(before))]
            before[switch] = turn
        return tuple(found)

    def settling_s(self, name: str) -> float:
        """Settling and check times of the plan that turns it."""
        specs = [self.line.switches[n].spec for n, _ in expand(self.line, name, Action.OPEN)]
        return sum(s.settling_s + (s.check_delay_s if s.check_enabled else 0.0) for s in specs)

    # ---- carrying

    def carry(self, outputs: Outputs) -> None:
        """Do what the machine says, in order."""
        self.dropped()
        for output in outputs:
            self._carriers[type(output)](output)
        self._rewake()

    def publish(self, events: list[object]) -> None:
        """Put events on the node's bus; what nobody commanded is kept on disk."""
        for event in events:
            begins = False
            if isinstance(event, SwitchChanged):
                view = event.view
                begins = view.state is State.MOVING
                if not event.commanded or view.state is State.UNKNOWN:
                    evidence = str(view.evidence or "")
                    self.in_its_own_time(LastState(view.name, str(view.state), evidence, self.world.wall()))
            self.bus.publish(event, begins)

    def _publish(self, output: Publish) -> None:
        self.publish([output.event])

    def _hand_over(self, job: Drive) -> None:
        self.spawner.spawn(self._drive(job), "driving a switch", lambda: self._abandoned(job))

    def _settle(self, wait: Settle) -> None:
        self.world.lab.callLater(wait.seconds, self._now_is, self.machine.settled, wait.key)

    def _read_back(self, job: Read) -> None:
        self.spawner.spawn(self._read(job), "reading back")

    def _reply(self, answer: Reply) -> None:
        command, done = self._asked.pop(answer.request)
        if not answer.kept:
            self.in_its_own_time(*unmoved_records(command, answer.result, self.world.wall(), self.now))
        if isinstance(answer.result, Done):
            done.callback(answer.result)
        else:
            self.refusals += 1
            done.errback(Failure(answer.result))

    def dropped(self) -> None:
        """Some state, lock or owner may have changed: cached words are of no use any more."""
        for forget in self.changed:
            forget()

    def _rewake(self) -> None:
        at = self.machine.next_wake()
        if at is None and self._wake is None:
            return
        if self._wake is not None and self._wake.active():
            self._wake.cancel()
        self._wake = None
        if at is not None:
            self._wake = self.world.wire.callLater(
                max(0.0, at - self.now) + 0.001, self._now_is, self.machine.tick
            )

    def _now_is(self, input_: Callable[..., Outputs], *key: str) -> None:
        self.carry(input_(*key, self.now))

    async def _drive(self, job: Drive) -> None:
        spec = self.line.switches[job.switch].spec
        begin, goes_on = (lambda: self._begin(job.key)), (lambda: self.machine.goes_on(job.key))
        self.steps.take(8, "{} is address {} of {}", job.switch, spec.address or job.switch, spec.actuator)
        try:
            mark = await self.relays.drive(job.switch, job.opens, begin, job.urgent, goes_on)
        except (NotBegun, Unavailable) as no:
            self.carry(self.machine.not_begun(job.key, no.text, self.now))
        except Rejected as no:
            self.carry(self.machine.rejected(job.key, no.text, self.now))
        except NoAnswer as no:
            self.carry(self.machine.silent(job.key, no.mark, no.text, self.now))
        else:
            out = self.machine.driven(job.key, mark, self.now, self.world.wall())
            if len(out) != 1 or not isinstance(out[0], Read):
                self.carry(out)
                return
            self.dropped()  # nearly always: it needs no coroutine of its own
            reading = await self.relays.read_back(job.switch)
            found = {} if reading is None else {job.switch: reading}
            self.carry(self.machine.readings(job.key, found, self.now, self.world.wall()))

    def _abandoned(self, job: Drive) -> None:
        """The driver failed in a way that no driver may; the log has it."""
        self.carry(self.machine.abandoned(job, self.now, self.world.wall()))

    def _begin(self, key: str) -> bool:
        """The guard of a drive: nothing is written before it says yes."""
        begun, out = self.machine.begin(key, self.now, lambda: self._present(key), self.stopping)
        self.carry(out)
        if begun:
            self.steps.take(9, "the driver sends the command to the hardware")
        return begun

    def _present(self, key: str) -> bool:
        """One of those who asked for it is still there."""
        requests = self.machine.requests(key)
        return any(self._asked[r][0].still_there() for r in requests if r in self._asked)

    async def _read(self, job: Read) -> None:
        found: dict[str, Reading] = await self.relays.read(job.names)
        out = self.machine.readings(job.key, found, self.now, self.world.wall())
        missing = [n for n in job.names if n not in found and self.line.switches[n].hardware.readable]
        if not job.key:
            out += self.machine.unreadable(missing, self.now)
        self.carry(out)

    def drain(self) -> None:
        """Open nothing any more."""
        self.stopping = True
        self.owners.stop()
        self.carry(self.machine.stopping(self.now))

    def stop(self) -> None:
        """No timer fires any more, nothing waits for an answer that cannot come."""
        self.stopping = True
        self.owners.stop()
        if self._wake is not None and self._wake.active():
            self._wake.cancel()
        self._wake = None

    # ---- disk

    def audit(self, who: Peer, what: str, switch: str, why: str) -> AuditEntry:
        """An entry of the audit, now."""
        return AuditEntry(self.world.wall(), str(who), what, switch, why)

    async def kept(self, name: str, *records: object) -> None:
        """On disk, or NotStored."""
        try:
            await self.store.commit(*records)  # type: ignore[arg-type]
        except StoreFailed as problem:
            raise NotStored(name, f"it could not be written: {problem.why}; mend the disk") from problem

    def in_its_own_time(self, *records: Record) -> None:
        """To disk, and nobody waits for it."""
        if records:
            self.spawner.spawn(self._try_commit(*records), "keeping what nobody waits for")

    async def _try_commit(self, *records: Record) -> None:
        try:
            await self.store.commit(*records)
        except StoreFailed as problem:
            self.log.error("not on disk: {records}: {why}", records=records, why=problem.why)
