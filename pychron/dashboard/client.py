"""DashboardClient: follows dashboard servers, ours and installed ones, from before they start to after they return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from zope.interface import implementer

from pychron.broadcast.sequence import Apply, Lost, Reset
from pychron.broadcast.subscriber import Subscriber, Told
from pychron.dashboard import wire
from pychron.dashboard.client_file import ServerAddress
from pychron.dashboard.events import ServerChanged, ValueState, ValueView
from pychron.dashboard.following import Followed
from pychron.dashboard.interfaces import IDashboardClient, IHoldsQueue
from pychron.events.bus import EventBus
from pychron.runtime.deadlines import DeadlinePassed
from pychron.runtime.periodic import Periodic
from pychron.runtime.spawn import Spawner
from pychron.runtime.world import World

ANSWER_S = 1.0
LOOK_S = 0.5
STOOD_S = 2.0
"""A look that comes so much too late: this node stood still, which is no silence of a server."""
RETRY_S = 2.0
REFRESH_S = 60.0
"""A configuration that came is asked for again: a server may have been restarted with another file."""
KEY = "dashboard"
"""Under which the queue is held."""


class Server:
    """One server that is followed."""

    log = Logger()

    def __init__(self, world: World, bus: EventBus, address: ServerAddress) -> None:
        self._world = world
        self._bus = bus
        self.address = address
        self.followed = Followed(str(address), world.wire.seconds())
        self._subscriber = Subscriber(world, address.host, address.port, self._told)
        self._subscriber.subscribe(wire.TAG, self._frame)
        self._spawner = Spawner()
        self._asked_at: float | None = None
        self._looked_at = world.wire.seconds()
        self._asking = False
        self._state = ValueState.WAITING
        self.why_no_config = ""

    def start(self) -> None:
        """Subscribe first, then ask."""
        self.followed.begun = self._looked_at = self._world.wire.seconds()
        self._subscriber.start()
        self.look()

    def stop(self) -> None:
        """Follow no longer."""
        self._subscriber.stop()
        self._spawner.cancel()

    def look(self) -> None:
        """Ask for the configuration where it is due; tell the bus how the server stands."""
        now = self._world.wire.seconds()
        late = now - self._looked_at - LOOK_S
        self._looked_at = now
        if late > STOOD_S:
            self.followed.stood_still(late)
        due = REFRESH_S if self.followed.configured else RETRY_S
        if not self._asking and (self._asked_at is None or now - self._asked_at >= due):
            self._asking, self._asked_at = True, now
            self._spawner.spawn(self._ask(), f"asking {self.address} for its configuration")
        state = self.followed.state(now)
        if state is self._state:
            return
        before, self._state = self._state, state
        if state is ValueState.LIVE and before in (ValueState.LOST, ValueState.STALE):
            self._asked_at = None
        address, why = self.address, self.followed.why(now)
        if why:
            self.log.warn("{why}", why=why)
        else:
            self.log.info("the dashboard server {server} is heard", server=str(address))
        self._bus.publish(ServerChanged(address.host, address.port, state, why, self._world.wall()))

    def up(self) -> int:
        """1 while it is heard."""
        return int(self.followed.state(self._world.wire.seconds()) is ValueState.LIVE)

    async def _ask(self) -> None:
        host, port = self.address.host, self.address.port + 1
        try:
            reply = await self._world.zmq.request(host, port, wire.CONFIG_JSON.encode(), ANSWER_S)
        except CancelledError:
            return
        except (DeadlinePassed, OSError) as error:
            self._no_config(f"{host}:{port} does not answer: {error}")
            return
        finally:
            self._asking = False
        values = wire.read_config(reply)
        if values is None:
            self._no_config(f"{host}:{port} gives no configuration: is it the port of a dashboard?")
            return
        self.why_no_config = ""
        self.followed.configure(values)

    def _no_config(self, why: str) -> None:
        if not self.why_no_config:
            self.log.warn("{why}; it is asked again", why=why)
        self.why_no_config = why

    def _frame(self, text: str) -> None:
        self.followed.frame(wire.read_object(text), self._world.wire.seconds())

    def _told(self, told: Told) -> None:
        now = self._world.wire.seconds()
        if isinstance(told, Reset):
            self.followed.snapshot(told.snapshot.state, now, told.snapshot.simulated)
        elif isinstance(told, Apply):
            self.followed.message(told.message.kind, told.message.payload, now)
        elif isinstance(told, Lost):
            self.followed.lost()


@implementer(IDashboardClient)
class DashboardClient:
    """All servers of a node. `hold_queue`: hold the queue while one of them has something against it."""

    log = Logger()

    def __init__(
        self, world: World, bus: EventBus, addresses: Sequence[ServerAddress], hold_queue: bool = False
    ) -> None:
        self._world = world
        self.servers = [Server(world, bus, address) for address in addresses]
        self._hold_queue = hold_queue
        self._queue: IHoldsQueue | None = None
        self._held = ""
        self._spawner = Spawner()
        self._holding = False
        self._look = Periodic(world.wire, LOOK_S, self._tick, "following dashboards")

    def start(self) -> None:
        """Follow; none need be there yet."""
        for server in self.servers:
            server.start()
        self._look.start()

    def stop(self) -> None:
        """Follow no longer; a queue that is held stays held."""
        self._look.stop()
        for server in self.servers:
            server.stop()
        self._spawner.cancel()

    def bind_queue(self, queue: IHoldsQueue) -> None:
        """A queue has come; it is held at once where there is a reason."""
        self._queue = queue
        self._hold()

    def values(self) -> tuple[ValueView, ...]:
        now = self._world.wire.seconds()
        return tuple(view for server in self.servers for view in server.followed.views(now))

    def value(self, name: str) -> ValueView:
        for view in self.values():
            if view.name == name:
                return view
        raise KeyError(name)

    def error(self) -> str:
        if not self._hold_queue:
            return ""
        now = self._world.wire.seconds()
        return next((text for server in self.servers if (text := server.followed.error(now))), "")

    def clear(self) -> None:
        for server in self.servers:
            server.followed.clear()
        self._hold()

    def _tick(self) -> None:
        for server in self.servers:
            server.look()
        self._hold()

    def _hold(self) -> None:
        """One change at a time: what differs when it has ended is seen at the next look."""
        why = self.error()
        if self._queue is None or why == self._held or self._holding:
            return
        self._holding = True
        change: Callable[[], object] = (
            partial(self._queue.hold, KEY, f"Dashboard error. {why}")
            if why
            else partial(self._queue.release, KEY)
        )
        self._spawner.spawn(self._change(change, why), "holding the queue for the dashboard")

    async def _change(self, change: Callable[[], object], why: str) -> None:
        try:
            await change()  # type: ignore[misc]
            self._held = why
        finally:
            self._holding = False
