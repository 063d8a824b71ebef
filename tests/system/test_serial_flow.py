"""Flow control by characters on a real line (a pseudo-terminal): the far end may hold it up, for a time or for good."""

import os
import tty

from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from pychron.hardware.serial_endpoint import SerialEndpoint
from pychron.runtime.deadlines import sleep
from pychron.runtime.world import SerialSettings

XON, XOFF = b"\x11", b"\x13"


class Near(Protocol):
    """Keeps what came."""

    def __init__(self):
        self.came, self.ended = b"", False

    def dataReceived(self, data):
        self.came += data

    def connectionLost(self, reason):
        self.ended = True


class FlowTest(TestCase):
    timeout = 30

    def setUp(self):
        self.far, self.kept = os.openpty()
        tty.setraw(self.kept)
        os.set_blocking(self.far, False)
        self.addCleanup(os.close, self.kept)
        self.addCleanup(os.close, self.far)

    async def open(self, xonxoff=True):
        endpoint = SerialEndpoint(reactor, os.ttyname(self.kept), SerialSettings(xonxoff=xonxoff))
        near = await endpoint.connect(Factory.forProtocol(Near))
        self.addCleanup(self.close, near)
        return near

    async def close(self, near):
        near.transport.abortConnection()
        await self.until(lambda: near.ended)

    async def until(self, condition):
        for _ in range(400):
            if condition():
                return
            await sleep(reactor, 0.005)
        self.fail("it did not come")

    def arrived(self):
        try:
            return os.read(self.far, 4096)
        except BlockingIOError:
            return b""

    async def held_up(self):
        near = await self.open()
        os.write(self.far, XOFF)
        await sleep(reactor, 0.05)
        near.transport.write(b"ROUT:OPEN (@101)\n")
        await sleep(reactor, 0.1)
        self.assertEqual(self.arrived(), b"")
        return near

    async def test_the_far_end_holds_the_line_up_and_lets_it_go_on(self):
        near = await self.held_up()
        os.write(self.far, XON + b"+0\n")
        await self.until(lambda: self.arrived() == b"ROUT:OPEN (@101)\n")
        await self.until(lambda: near.came == b"+0\n")

    async def test_what_was_held_up_when_it_was_given_up_never_arrives(self):
        """The command is uncertain by then: it must not come to pass when somebody opens the line again."""
        await self.close(await self.held_up())
        near = await self.open()
        near.transport.write(b"*ESE?\n")
        await self.until(lambda: self.arrived() == b"*ESE?\n")

    async def test_without_it_the_characters_are_bytes_like_any_other(self):
        near = await self.open(xonxoff=False)
        os.write(self.far, XOFF + XON)
        await self.until(lambda: near.came == XOFF + XON)
