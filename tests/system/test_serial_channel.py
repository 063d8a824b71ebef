"""The Agilent's driver over a real serial port (a pseudo-terminal) and over TCP, with the emulator at the far end."""

import json
import os
import tempfile
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectError
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from pychron.hardware.agilent_gp_actuator import AgilentGPActuator
from pychron.hardware.channel import Channel
from pychron.hardware.interfaces import HardwareError, NoAnswer, Unavailable
from pychron.hardware.serial_endpoint import SerialEndpoint
from pychron.runtime.deadlines import sleep
from pychron.runtime.world import SerialSettings
from pychron.simulation.agilent_34970a import Agilent34970A
from pychron.simulation.emulator_host import EmulatorHost
from pychron.simulation.relay_faults import Fault
from tests.hardware.wired import a_world

BANK = ("101", "102", "103")


class SerialTest(TestCase):
    timeout = 30

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.port, self.log = Path(folder.name) / "agilent", Path(folder.name) / "relays.log"
        self.instrument = Agilent34970A(reactor)
        self.host = EmulatorHost(reactor, self.instrument, self.log)
        self.addCleanup(self.host.close)
        self.host.serve_pty(self.port)

    def endpoint(self, port=None, **settings):
        return SerialEndpoint(reactor, str(port or self.port), SerialSettings(**settings))

    def open(self, endpoint=None, timeout_s=0.5):
        self.channel = Channel(a_world(reactor), endpoint or self.endpoint(), "agilent", timeout_s)
        channel = self.channel
        self.addCleanup(lambda: Deferred.fromCoroutine(channel.close()))
        return AgilentGPActuator("agilent", self.channel)

    async def connected(self, port=None, **settings):
        protocol = await self.endpoint(port, **settings).connect(Factory.forProtocol(Ending))
        self.addCleanup(lambda: Deferred.fromCoroutine(protocol.close()))
        return protocol

    async def until(self, condition):
        for _ in range(400):
            if condition():
                return
            await sleep(reactor, 0.01)
        self.fail("it did not come")

    async def refusal(self, port=None):
        with self.assertRaises(ConnectError) as caught:
            await self.endpoint(port).connect(Factory.forProtocol(Protocol))
        return str(caught.exception)

    async def test_open_read_close_and_the_log_is_the_truth(self):
        agilent = self.open()
        self.assertEqual({r.on for r in (await agilent.read(BANK)).values()}, {False})
        mark = await agilent.drive("102", True, lambda: True)
        found = await agilent.read(BANK)
        self.assertEqual([found[a].on for a in BANK], [False, True, False])
        self.assertEqual({r.mark.epoch for r in found.values()}, {mark.epoch})
        await agilent.drive("102", False, lambda: True, urgent=True)
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        self.assertEqual([(m["address"], m["open"]) for m in lines], [("102", True), ("102", False)])
        self.assertEqual(lines[0]["cause"], "ROUT:OPEN (@102)")

    async def test_fifty_connects_and_closes_move_nothing(self):
        for _ in range(50):
            agilent = self.open()
            await agilent.read(BANK[:1])
            await agilent.close()
        self.assertEqual(self.instrument.bank.log, [])
        self.assertEqual(self.log.read_text(), "")
        self.assertEqual(list(self.instrument.errors), [])

    async def test_an_unplugged_adapter_is_seen_at_once_and_a_replugged_one_is_used(self):
        agilent = self.open()
        await agilent.drive("101", True, lambda: True)
        self.host.unplug()
        await self.until(lambda: not agilent.connected)
        with self.assertRaises(Unavailable) as caught:
            await agilent.read(BANK)
        self.assertIn("agilent", caught.exception.text)
        self.host.replug()
        await self.until(lambda: agilent.connected)
        found = await agilent.read(BANK)
        self.assertIs(found["101"].on, True)
        self.assertEqual(len(self.instrument.bank.log), 1)

    async def test_unplugged_in_mid_exchange_is_no_answer(self):
        agilent = self.open()
        await agilent.read(BANK)
        self.instrument.faults.force(Fault.NEVER)

        def begin():
            reactor.callLater(0.05, self.host.unplug)
            return True

        with self.assertRaises(NoAnswer) as caught:
            await agilent.drive("101", True, begin)
        self.assertIn("ended before the answer", caught.exception.text)
        self.assertTrue(self.instrument.bank.is_open("101"))

    async def test_a_late_answer_on_the_same_line_is_not_taken_for_the_next(self):
        agilent = self.open(timeout_s=0.2)
        await agilent.drive("101", True, lambda: True)
        self.instrument.faults.late_s = 0.45
        self.instrument.faults.force(Fault.LATE)
        with self.assertRaises(NoAnswer):
            await agilent.read(BANK)
        found = {}
        for _ in range(20):
            try:
                found = await agilent.read(("103", "102"))
                break
            except HardwareError:
                continue
        self.assertEqual({a: r.on for a, r in found.items()}, {"103": False, "102": False})
        self.assertGreater(found["102"].mark.epoch, 1)

    async def test_two_programs_do_not_share_a_port(self):
        await self.connected()
        self.assertIn("another program has it open", await self.refusal())

    async def test_a_port_that_cannot_be_had_says_what_to_do(self):
        folder = self.port.parent
        (folder / "file").write_text("")
        self.assertIn("plug the adapter in", await self.refusal(folder / "ttyUSB9"))
        self.assertIn("no serial port", await self.refusal(folder / "file"))
        self.assertIn(str(folder), await self.refusal(folder))

    async def test_a_connect_that_is_cancelled_opens_nothing(self):
        connecting = self.endpoint().connect(Factory.forProtocol(Protocol))
        connecting.addErrback(lambda _: None)
        connecting.cancel()
        await sleep(reactor, 0.02)
        await self.connected()

    async def test_a_line_that_takes_no_more_is_given_up_at_once(self):
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        protocol = await self.connected(os.ttyname(slave))
        protocol.transport.write(b"x" * 1_000_000)
        await sleep(reactor, 0.05)
        protocol.transport.abortConnection()
        await self.until(lambda: protocol.ended)

    async def test_held_dtr_does_not_keep_a_port_without_dtr_from_opening(self):
        await self.connected(hold_dtr=True, baudrate=115200, parity="E", stopbits=2, bytesize=7)

    async def test_over_tcp(self):
        port = self.host.serve_tcp(0)
        agilent = self.open(TCP4ClientEndpoint(reactor, "127.0.0.1", port, 2))
        await agilent.drive("320", True, lambda: True)
        self.assertIs((await agilent.read(("320",)))["320"].on, True)
        await agilent.close()
        await self.until(lambda: not agilent.connected)


class Ending(Protocol):
    """Knows whether it has ended."""

    ended = False

    def connectionLost(self, reason):
        self.ended = True

    async def close(self):
        self.transport.abortConnection()
        while not self.ended:
            await sleep(reactor, 0.001)
