"""The plugin: what it reads, what it offers, and that the port opens when all is built and not before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import CannotListenError
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from pychron.config.problems import Report
from pychron.rpc.interfaces import IOwners, IVerbs
from pychron.rpc.plugin import RemoteCommandServerPlugin
from pychron.rpc.server import CannotListen
from pychron.rpc.server_file import FILE
from pychron.rpc.verbs import Verb
from pychron.runtime.plugin import Context, IPlugin, Options
from pychron.trust.rights import Right
from tests.rpc.test_server import FakeEndpoint


class Endpoint(FakeEndpoint):
    taken = False

    def listen(self, factory: Any) -> Deferred[Any]:
        if self.taken:
            return fail(CannotListenError("", 1061, OSError(98, "Address already in use")))
        return super().listen(factory)


class World:
    """What of a world the plugin asks for."""

    boot = "b00t"
    simulated = True

    def __init__(self) -> None:
        self.wire = Clock()
        self.streams = self
        self.tcp, self.unix = Endpoint(), Endpoint()
        self.asked: list[tuple[str, int] | Path] = []

    def local_addresses(self) -> tuple[str, ...]:
        return ("192.168.1.5/24",)

    def tcp_server(self, host: str, port: int) -> Endpoint:
        self.asked.append((host, port))
        return self.tcp

    def unix_server(self, path: Path) -> Endpoint:
        self.asked.append(path)
        return self.unix


class Owners:
    def __init__(self) -> None:
        self.addresses: list[str] = []

    def is_owner(self, address: str) -> bool:
        return address == "192.168.1.9"

    def heard(self, address: str) -> None:
        self.addresses.append(address)


class Plugin(SynchronousTestCase):
    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        (self.root / "setupfiles" / "servers").mkdir(parents=True)
        self.world = World()
        self.offered: dict[Any, Any] = {}
        self.plugin = RemoteCommandServerPlugin()

    def context(self, role: str = "valve", port: int | None = None) -> Context:
        world: Any = self.world

        def find(interface: Any) -> Any:
            return self.offered[interface]

        return Context(
            options=Options(self.root, role, port=port),
            world=world,
            report=Report(self.root),
            element=None,
            bus=None,
            services=MultiService(),
            find=find,
            offer=self.offered.__setitem__,
            node_name="pyvalve",
            state_folder=self.root,
        )

    def set_up(self, context: Context) -> None:
        self.plugin.check(context)
        self.successResultOf(Deferred.fromCoroutine(self.plugin.setup(context)))

    def ask(self, text: bytes) -> bytes:
        protocol = self.world.tcp.factory.buildProtocol(IPv4Address("TCP", "192.168.1.9", 5))
        transport = StringTransport()
        protocol.makeConnection(transport)
        protocol.dataReceived(text)
        return transport.value()

    def test_the_port_opens_in_bind_with_every_verb(self) -> None:
        verifyObject(IPlugin, self.plugin)
        (self.root / "setupfiles" / FILE).write_text("port: 1061\nhost: 0.0.0.0\n")
        context = self.context()
        self.set_up(context)
        self.assertEqual([str(listening.place) for listening in context.listens], [f"setupfiles/{FILE}:1"])
        self.assertEqual(self.world.asked, [("0.0.0.0", 1061), self.root / "node.sock"])
        self.assertIsNone(self.world.tcp.factory)
        self.offered[IVerbs].register(Verb("State", Right.OPERATE, lambda call: True, "NAME"))
        self.offered[IOwners] = Owners()
        self.plugin.bind(context)
        self.assertEqual(self.ask(b"State A\r"), b"OK\r\n")
        version = json.loads(self.ask(b"GetVersion\r"))
        self.assertEqual((version["node"], version["boot"], version["simulated"]), ("pyvalve", "b00t", True))
        self.assertTrue(version["dialect"].startswith("pychron-twisted"))
        names = [verb["name"] for verb in json.loads(self.ask(b"ListVerbs\r"))]
        self.assertEqual(names, ["GetVersion", "ListVerbs", "State"])
        assert self.plugin.server is not None
        self.assertTrue(self.plugin.server.is_owner("192.168.1.9"))
        self.assertEqual(self.offered[IOwners].addresses, ["192.168.1.9"] * 3)
        self.assertEqual(context.counters["rpc_requests"](), 3)
        self.assertEqual(context.counters["rpc_faults_003"](), 0)
        self.successResultOf(Deferred.fromCoroutine(self.plugin.drain()))
        self.successResultOf(Deferred.fromCoroutine(self.plugin.teardown()))
        self.assertEqual(self.world.wire.getDelayedCalls(), [])

    def test_the_command_line_names_the_port(self) -> None:
        context = self.context(port=0)
        self.set_up(context)
        self.assertEqual((context.listens[0].port, context.listens[0].key), (0, "--port"))
        self.assertEqual(self.world.asked[0], ("127.0.0.1", 0))

    def test_a_taken_port_fails_the_set_up_in_bind(self) -> None:
        context = self.context()
        self.set_up(context)
        self.world.tcp.taken = True
        problem = self.assertRaises(CannotListen, self.plugin.bind, context)
        self.assertIn(f"port in setupfiles/{FILE}", problem.text)
        self.successResultOf(Deferred.fromCoroutine(self.plugin.teardown()))
        self.assertEqual(self.world.wire.getDelayedCalls(), [])

    def test_a_node_that_nobody_commands_has_its_own_socket_only(self) -> None:
        context = self.context("crunch")
        self.set_up(context)
        self.assertEqual((context.listens, self.world.asked), ([], [self.root / "node.sock"]))

    def test_teardown_of_a_plugin_that_was_never_set_up(self) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.plugin.teardown()))
