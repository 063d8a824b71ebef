"""A command port and a live page in one process, of a line and a dashboard that are lists: what the page costs is all that differs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from twisted.internet.endpoints import TCP4ServerEndpoint

from pychron.broadcast.notifier import Notifier
from pychron.config.problems import Place
from pychron.dashboard.events import ValueRead, ValueState, ValueView
from pychron.events.bus import EventBus
from pychron.node.monotonic import make_monotonic
from pychron.node.real_world import build_world
from pychron.rpc.server import RemoteCommandServer
from pychron.rpc.verbs import Call, Result, Verb, VerbTable
from pychron.trust.addresses import rights_for
from pychron.trust.rights import Right
from pychron.web.access import Sessions, own_names
from pychron.web.live import Live
from pychron.web.site import PageSite

CHANGED_AT_ONCE = 2


class PageNode:
    """Serves from the moment it is made."""

    def __init__(self, reactor: Any, host: str, valves: int, values: int) -> None:
        make_monotonic(reactor)
        world = build_world(reactor)
        self._world = world
        self._bus = EventBus(world.wire)
        self._valves = {f"V{n}": _valve(f"V{n}") for n in range(valves)}
        self._order = itertools.cycle(self._valves)
        self._views = [
            ValueView(
                f"box{n // 10}.v{n}",
                f"box{n // 10}",
                f"v{n}",
                f"<v{n}>",
                "torr",
                0.0,
                0.0,
                0.0,
                ValueState.LIVE,
            )
            for n in range(values)
        ]
        self._count = 0
        self._notifier = Notifier(world, "pyvalve")
        self._notifier.start(host, 0, self._bus)
        self._notifier.contribute("extraction_line", lambda: {"valves": list(self._valves.values())})
        self.live = Live(world, "pyvalve", self._notifier, None, False, {}, {})
        self.live.show_values([self], self._bus)
        self.live.start()
        names = own_names(host, "bench", ())
        page = PageSite(self.live, names, world.wire.seconds, None, Sessions("", str), None)
        ports: list[int] = []
        listening = TCP4ServerEndpoint(reactor, 0, interface=host).listen(page.site(world.wire))
        listening.addCallback(lambda port: ports.append(port.getHost().port))
        self.web_port = ports[0]
        self.port = self._commands(reactor, host)

    def _commands(self, reactor: Any, host: str) -> int:
        verbs = VerbTable()
        verbs.register(Verb("GetValveState", Right.OBSERVE, self._state, "NAME"))
        server = RemoteCommandServer(reactor, verbs, rights_for(host, None, False, ()))
        server.add_tcp(TCP4ServerEndpoint(reactor, 0, interface=host), "", "")
        server.open()
        port: int = server.ports[0].getHost().port  # type: ignore[attr-defined]
        return port

    def _state(self, call: Call) -> Result:
        return self._valves["V0"]["state"] == "open"

    def values(self) -> tuple[ValueView, ...]:
        """As a dashboard gives them."""
        return tuple(self._views)

    def change_valve(self) -> None:
        """One valve turns: a broadcast."""
        valve = self._valves[next(self._order)]
        before = valve["state"]
        valve["state"] = "closed" if before == "open" else "open"
        self._notifier.publish("valve", {**valve, "before": before, "commanded": True, "peer": "bench"})

    def change(self) -> None:
        """Every value is another one, and a few valves turn."""
        self._count += 1
        now = self._world.wall()
        for n, view in enumerate(self._views):
            value = self._count + n / 100
            self._views[n] = replace(view, value=value, time=now)
            place = Place("dashboard.yaml", n + 1)
            self._bus.publish(
                ValueRead(view.name, view.device, view.value_name, view.tag, value, view.units, now, place)
            )
        for _ in range(CHANGED_AT_ONCE):
            self.change_valve()


def _valve(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "valve",
        "description": f"valve {name} of the bench",
        "state": "closed",
        "evidence": "relay",
        "read_at": 0.0,
        "age_s": 1.0,
        "lock": None,
        "owner": "",
        "orphaned": False,
        "in_service": True,
        "enabled": True,
        "under_way": "",
        "faults": [],
        "node": "",
        "stale": False,
        "settling_s": 0.1,
    }
