"""One mail to several receivers, of whom a server that shares no code with us takes some, refuses some and puts some off."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from aiosmtpd.controller import Controller
from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from pychron.config.problems import Place
from pychron.dashboard.alerts.channels import NotSent, Sender
from pychron.dashboard.alerts.episodes import Episode, Kind
from pychron.dashboard.alerts.memory import Letter
from pychron.dashboard.alerts.specs import Mail
from pychron.dashboard.events import Level
from pychron.node.streams import RealStreams
from tests.system.test_alerts import free_port

EPISODE = Episode("k", Level.CRITICAL, "Druck", "2e-5 mbar, größer als 1e-5", "", "", 1.0)


class Choosy:
    """`says` by receiver, then for the message."""

    def __init__(self):
        self.says, self.got, self.data = {}, [], "250 taken"

    async def handle_RCPT(self, server, session, envelope, address, options):
        said = self.says.get(address, "250 ok")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server, session, envelope):
        if self.data.startswith("250"):
            self.got.append((sorted(envelope.rcpt_tos), envelope.content))
        return self.data


class Several(TestCase):
    timeout = 30

    def setUp(self):
        self.server = Choosy()
        controller = Controller(self.server, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=False)
        controller.start()
        self.addCleanup(controller.stop)
        world = SimpleNamespace(wire=reactor, streams=RealStreams(reactor), simulated=False)
        self.sender = Sender(world, "pyvalve", Path())
        to = ("a@lab", "b@lab", "c@lab")
        self.channel = Mail("m", to, "lab@lab", "127.0.0.1", controller.port, "none", "", "", Place("x", 1))

    async def send(self, number=1):
        letter = Letter(number, "m", Kind.RAISED, EPISODE, 1.0)
        try:
            return await self.sender.send(self.channel, letter)
        except NotSent as problem:
            return problem

    @property
    def receivers(self):
        return [to for to, _ in self.server.got]

    async def test_all_have_it(self):
        assert await self.send() == ""
        assert self.receivers == [["a@lab", "b@lab", "c@lab"]]
        assert self.server.got[0][1].isascii()

    async def test_one_is_refused_for_good_and_told(self):
        self.server.says["b@lab"] = "550 no such user"
        said = await self.send()
        assert "refused b@lab: 550" in said and "no such user" in said
        assert self.receivers == [["a@lab", "c@lab"]]

    async def test_one_that_is_put_off_gets_it_later_and_nobody_else_again(self):
        self.server.says = {"b@lab": "451 try later", "c@lab": "550 no such user"}
        put_off = await self.send()
        assert isinstance(put_off, NotSent) and "put b@lab off: 451" in str(put_off)
        assert isinstance(await self.send(), NotSent)
        self.server.says = {"c@lab": "550 no such user"}
        assert "refused c@lab" in await self.send()
        assert self.receivers == [["a@lab"], ["b@lab"]]
        self.server.says = {}
        assert await self.send(2) == ""
        assert self.receivers[2:] == [["a@lab", "b@lab", "c@lab"]], "another letter goes to all"

    async def test_one_that_was_put_off_and_then_refused(self):
        self.server.says["b@lab"] = "451 try later"
        assert isinstance(await self.send(), NotSent)
        self.server.says["b@lab"] = "550 no such user"
        assert "refused b@lab" in await self.send()
        assert self.receivers == [["a@lab", "c@lab"]]

    async def test_who_was_accepted_has_nothing_where_the_mail_itself_is_refused(self):
        self.server.says["b@lab"], self.server.data = "451 try later", "452 disk full"
        assert isinstance(await self.send(), NotSent)
        self.server.data = "250 taken"
        self.server.says = {}
        assert await self.send() == ""
        assert self.receivers == [["a@lab", "b@lab", "c@lab"]]
