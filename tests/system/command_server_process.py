"""A process with a real command server: `State` at once, `Open` after a while, `Close` at once. Prints its port."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.interfaces import IReactorTime

from pychron.node.monotonic import make_monotonic
from pychron.node.streams import RealStreams
from pychron.rpc.server import RemoteCommandServer
from pychron.rpc.verbs import Call, Result, Verb, VerbTable
from pychron.runtime.deadlines import sleep
from pychron.trust.addresses import Rights
from pychron.trust.rights import Right


def main(socket: str) -> None:
    make_monotonic(reactor)
    wire: IReactorTime = reactor  # type: ignore[assignment]
    server = RemoteCommandServer(wire, VerbTable(), Rights())

    async def open_it(call: Call) -> Result:
        if call.stood_still:
            return f"late {wire.seconds() - call.received_at:.1f}"
        await sleep(wire, float(call.argument or 0))
        return "opened" if call.still_there() else "left"

    def count(call: Call) -> Result:
        return {"connected": server.counters.connected, "waiting": server.counters.waiting}

    server.dispatcher.verbs.register(
        Verb("State", Right.OBSERVE, lambda call: True),
        Verb("Count", Right.OBSERVE, count),
        Verb("Big", Right.OBSERVE, lambda call: "x" * 500_000),
        Verb("Open", Right.OPERATE, open_it, moves=True),
        Verb("Close", Right.OPERATE, lambda call: True, moves=True, jumps=True),
    )
    streams = RealStreams(reactor)
    server.add_tcp(streams.tcp_server("127.0.0.1", 0, 512), "", "")
    server.add_unix(streams.unix_server(Path(socket)), Path(socket))
    server.open()
    print(server.ports[0].getHost().port, flush=True)
    reactor.run()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(sys.argv[1])
