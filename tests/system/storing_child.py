"""Commits pairs through the real pool and the real opener until it is killed; a line of stdout a commit that is on disk.

    python storing_child.py FILE FIRST_NUMBER

Number n is one commit of two locks, n and n+half: a half commit would show. Four are always under way.
"""

import random
import sys
import time
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from pychron.node.database_files import open_database
from pychron.node.thread_pool import RealPool
from pychron.runtime.world import World
from pychron.store.node_file import NodeStore
from pychron.store.records import AuditEntry, SoftLock, Token


def main(path: Path, number: int) -> None:
    world = World(
        lab=reactor,
        wire=reactor,
        wall=time.time,
        boot=str(number),
        machine_boot="m",
        streams=None,
        pool=RealPool(reactor),
        zmq=None,
        scripts=None,
        sqlite=open_database,
        local_addresses=lambda: (),
        random=random.Random(),
    )
    store = NodeStore(world, path)

    async def one_after_the_other(start: int) -> None:
        n = start
        while True:
            first, second = SoftLock(f"{n}", "a", "", 1.0), SoftLock(f"{n}+half", "a", "", 1.0)
            await store.commit(first, AuditEntry(1.0, "p", "open", str(n), "x" * 500), Token(n), second)
            sys.stdout.write(f"{n}\n")
            sys.stdout.flush()
            n += 4

    async def run() -> None:
        await store.open()
        for start in range(4):
            Deferred.fromCoroutine(one_after_the_other(number + start)).addErrback(failed)

    def failed(failure: object) -> None:
        sys.stderr.write(str(failure))
        reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(run()).addErrback(failed))
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
