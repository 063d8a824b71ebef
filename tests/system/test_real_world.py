"""The real world: a clock that nobody can step, sockets, threads, files."""

import os
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError, ConnectError
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase, TestCase

from pychron.node.database_files import open_database
from pychron.node.streams import RealStreams
from pychron.node.thread_pool import RealPool
from tests.system.twistd_process import environment

STEPPED = """
import sys, time
steps = [0.0]
real = time.time
time.time = lambda: real() + steps[0]
from twisted.internet import reactor
from twisted.internet.task import LoopingCall
from pychron.node.monotonic import make_monotonic
if sys.argv[1] == "monotonic":
    make_monotonic(reactor)
fired = []
def note(what):
    fired.append((what, time.monotonic()))
begin = time.monotonic()
def step(seconds):
    steps[0] += seconds
reactor.callLater(0.2, step, float(sys.argv[2]))
reactor.callLater(0.5, note, "deadline")
reactor.callLater(3000, note, "an hour's lease")
loop = LoopingCall(note, "tick")
loop.start(0.1, now=False)
import threading
threading.Timer(1.0, lambda: reactor.callFromThread(reactor.stop)).start()
reactor.run()
ticks = sum(what == "tick" for what, _ in fired)
late = [round(at - begin, 1) for what, at in fired if what == "deadline"]
print(ticks, late, any(what.startswith("an hour") for what, _ in fired))
"""


def stepped(clock, seconds):
    done = subprocess.run(
        [sys.executable, "-c", STEPPED, clock, str(seconds)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    ticks, late, lease = done.stdout.strip().replace("[", "").replace("]", "").split(" ")
    return int(ticks), late, lease == "True"


class SteppedClock(SynchronousTestCase):
    """Somebody sets the machine's clock under a running reactor."""

    def test_an_hour_back_and_an_hour_on_disturb_nothing(self):
        for step in (-3600, 3600):
            ticks, late, lease = stepped("monotonic", step)
            self.assertGreaterEqual(ticks, 6)
            self.assertIn(late, ("0.5", "0.6"))
            self.assertFalse(lease)

    def test_without_our_clock_both_do(self):
        """The control: the step is one that Twisted alone does not survive."""
        _, late, _ = stepped("twisted", -3600)
        self.assertEqual(late, "")
        _, _, lease = stepped("twisted", 3600)
        self.assertTrue(lease)

    def test_a_timer_that_is_there_already_is_an_error(self):
        code = (
            "from twisted.internet import reactor\n"
            "from pychron.node.monotonic import make_monotonic\n"
            "make_monotonic(reactor)\n"
            "reactor.callLater(5, print)\n"
            "make_monotonic(reactor)\n"
            "del reactor.seconds\n"
            "make_monotonic(reactor)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertIn("before anything is scheduled", done.stderr)


class InFolder(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class UnixSockets(InFolder):
    def setUp(self):
        super().setUp()
        self.streams = RealStreams(reactor)
        self.path = self.folder / "node.sock"

    async def listen(self):
        port = await self.streams.unix_server(self.path).listen(Factory.forProtocol(Protocol))
        self.addCleanup(port.stopListening)
        return port

    async def test_only_the_owner_may_use_it(self):
        mask = os.umask(0)
        try:
            await self.listen()
        finally:
            os.umask(mask)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        protocol = await self.streams.unix_client(self.path, 1).connect(Factory.forProtocol(Protocol))
        protocol.transport.abortConnection()

    async def test_what_a_dead_process_left_is_replaced(self):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(self.path))
            dead.listen()
        await self.listen()

    async def test_a_living_one_is_an_error(self):
        with socket.socket(socket.AF_UNIX) as alive:
            alive.bind(str(self.path))
            alive.listen()
            error = await self.assertFailure(
                self.streams.unix_server(self.path).listen(Factory()), CannotListenError
            )
        self.assertIn("another process listens there", str(error))

    async def test_a_file_of_that_name_is_left_alone(self):
        self.path.write_text("mine")
        await self.assertFailure(self.streams.unix_server(self.path).listen(Factory()), CannotListenError)
        self.assertEqual(self.path.read_text(), "mine")

    async def test_a_path_that_is_too_long_says_so(self):
        endpoint = self.streams.unix_server(self.folder / ("x" * 120))
        error = await self.assertFailure(endpoint.listen(Factory()), CannotListenError)
        self.assertIn("at most 107 bytes", str(error))


class Ended(Protocol):
    """Tells when its connection has ended."""

    def __init__(self):
        self.ended = Deferred()

    def connectionLost(self, reason):
        self.ended.callback(None)


class Tcp(TestCase):
    async def test_there_and_back(self):
        streams = RealStreams(reactor)
        for host in ("127.0.0.1", "::1"):
            served = Ended()
            port = await streams.tcp_server(host, 0).listen(Factory.forProtocol(lambda served=served: served))
            number = port.getHost().port
            client = await streams.tcp_client(host, number, 2).connect(Factory.forProtocol(Ended))
            self.assertEqual(client.transport.getPeer().host, host)
            client.transport.loseConnection()
            await client.ended
            await served.ended
            await port.stopListening()
            refused = streams.tcp_client(host, number, 2).connect(Factory.forProtocol(Ended))
            await self.assertFailure(refused, ConnectError)


class Threads(TestCase):
    async def test_values_in_and_values_out(self):
        pool = RealPool(reactor)
        here = threading.current_thread()
        thread = await pool.run(threading.current_thread)
        self.assertIsNot(thread, here)
        self.assertTrue(thread.daemon)
        self.assertEqual(await pool.run(divmod, 7, 3), (2, 1))
        await self.assertFailure(pool.run(divmod, 7, 0), ZeroDivisionError)
        await pool.close()
        self.assertFalse(thread.is_alive())
        self.assertRaises(RuntimeError, pool.run, print)

    async def test_a_pool_that_never_ran_closes(self):
        await RealPool(reactor).close()

    async def test_closing_awaits_the_job_under_way(self):
        pool = RealPool(reactor)
        go = threading.Event()
        job = pool.run(go.wait, 10)
        closing = Deferred.fromCoroutine(pool.close())
        self.assertNoResult(closing)
        go.set()
        await closing
        self.assertTrue(self.successResultOf(job))

    async def test_a_job_that_hangs_is_left_behind(self):
        pool = RealPool(reactor)
        go = threading.Event()
        job = pool.run(go.wait, 10)
        await pool.close(deadline_s=0.05)
        self.assertRaises(RuntimeError, pool.run, print)
        go.set()
        await job
        for thread in pool.threads:
            thread.join(5)
            self.assertFalse(thread.is_alive())


class Databases(InFolder):
    async def test_what_is_committed_is_on_the_disk_and_threads_may_share_it(self):
        database = open_database(self.folder / "node.sqlite")
        self.assertEqual(database.execute("pragma journal_mode").fetchone(), ("wal",))
        self.assertEqual(database.execute("pragma synchronous").fetchone(), (2,))
        other = threading.Thread(target=database.execute, args=("create table t (x)",))
        other.start()
        other.join()
        with database:
            database.execute("insert into t values (1)")
        with sqlite3.connect(self.folder / "node.sqlite") as reader:
            self.assertEqual(reader.execute("select x from t").fetchall(), [(1,)])
        reader.close()
        database.close()
