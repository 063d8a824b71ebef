"""How many fsyncs an Open costs, counted by strace from outside; nothing is claimed where there is no strace.

    python -m bench.fsyncs N       turns a dummy relay N times: what strace looks at

Two runs of different length: their difference is what the actuations cost, without the opening of the file. Both end
before the write-ahead log is folded (database.FOLD_AFTER), which is done between commits and has fsyncs of its own.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.rows import Row, at_most

FEW, MANY = 5, 30
ALLOWED = 2.0


def run() -> list[Row]:
    if shutil.which("strace") is None:
        print("bench.fsyncs: no strace here; the transactions of an Open are counted below", file=sys.stderr)
        return []
    found = (_count(MANY) - _count(FEW)) / (MANY - FEW)
    return [at_most("fsyncs of an Open by strace (peer: allowed)", found, ALLOWED, 1.0)]


def _count(opens: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.txt"
        command = ["strace", "-f", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o", str(trace)]
        command += [sys.executable, "-m", "bench.fsyncs", str(opens)]
        subprocess.run(command, capture_output=True, timeout=120, check=True)
        # A call that another thread interrupts is two lines; the second one says "resumed".
        return len(re.findall(r"^\d+ +(?:fsync|fdatasync|sync_file_range|msync)\(", trace.read_text(), re.M))


def turn(opens: int) -> None:
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred

    from bench.a_line import open_line
    from pychron.node.real_world import build_world

    world = build_world(reactor)

    async def work() -> None:
        try:
            with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
                bench = await open_line(world, Path(folder))
                for n in range(opens):
                    await bench.turn(world, n)
                await bench.close()
        finally:
            reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(work()).addErrback(lambda f: f.printTraceback()))
    reactor.run()


if __name__ == "__main__":
    turn(int(sys.argv[1]))
