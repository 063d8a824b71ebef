"""RemoteCommandServer: offers the table of verbs, opens the port when all plugins are built."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.rpc.descriptors import raise_limit
from pychron.rpc.interfaces import IAudit, IOwners, IVerbs
from pychron.rpc.other_listeners import OtherListeners
from pychron.rpc.server import RemoteCommandServer
from pychron.rpc.server_file import FILE, ServerSpec, read_server_file
from pychron.rpc.verbs import Call, Result, Verb, VerbTable
from pychron.runtime.plugin import Context, IDrains, IPlugin, Listening
from pychron.trust.rights import Right

DIALECT = "pychron-twisted 1"
"""What a client of ours looks for in GetVersion."""
SOCKET = "node.sock"
CONTROLLERS = ("valve", "furpi")
"""Roles that are commanded over the network, whatever their files say."""


@implementer(IPlugin, IDrains)
class RemoteCommandServerPlugin:
    """The command port of a node."""

    name = "RemoteCommandServer"
    needs = ()
    offers = (IVerbs,)
    wants = (IOwners, IAudit)
    log = Logger()

    def __init__(self) -> None:
        self._spec: ServerSpec | None = None
        self._tcp = True
        self._others: OtherListeners | None = None
        self._context: Context | None = None
        self.verbs = VerbTable()
        self.server: RemoteCommandServer | None = None

    def check(self, context: Context) -> None:
        """Read the server's file; say where it listens."""
        setupfiles = context.options.root / "setupfiles"
        spec = self._spec = read_server_file(setupfiles, context.report)
        said = context.options.port
        key = "port" if said is None else "--port"
        self._tcp = self._wants_tcp(context, setupfiles)
        if self._tcp:
            context.listens.append(Listening(spec.host, self._port(context), spec.place, key))
        if spec.legacy is not None:
            context.listens.append(
                Listening(spec.legacy.host, spec.legacy.port, spec.legacy.place, "legacy: port")
            )

    @staticmethod
    def _wants_tcp(context: Context, setupfiles: Path) -> bool:
        """A node that nobody commands over the network has its Unix socket only, unless its files say otherwise."""
        controller = context.options.role in CONTROLLERS
        said = context.element is not None or context.options.port is not None or (setupfiles / FILE).exists()
        return controller or said

    def _port(self, context: Context) -> int:
        assert self._spec is not None
        return self._spec.port if context.options.port is None else context.options.port

    async def setup(self, context: Context) -> None:
        """Build the server; nobody is let in before `bind`."""
        spec, world = self._spec, context.world
        assert spec is not None
        self._context = context
        file = f"setupfiles/{FILE}"
        rights = spec.rights(world.local_addresses())
        server = self.server = RemoteCommandServer(
            world.wire,
            self.verbs,
            rights,
            file=file,
            close_after_reply=spec.close_after_reply,
            quiet_s=spec.quiet_s,
            most=raise_limit(),
        )
        port = self._port(context)
        key = f"port in {spec.place}" if context.options.port is None else "--port"
        if self._tcp:
            server.add_tcp(world.streams.tcp_server(spec.host, port), f"{spec.host}:{port}", key)
        path = context.state_folder / SOCKET
        server.add_unix(world.streams.unix_server(path), path)
        self._others = OtherListeners(server.dispatcher, world, spec)
        context.counters.update(server.counters.by_name())
        context.distributions.update(server.counters.distributions())
        self.verbs.register(
            Verb(
                "GetVersion", Right.OBSERVE, self._version, doc="name, version, boot and dialect of this node"
            ),
            Verb("ListVerbs", Right.OBSERVE, self._list, doc="every verb with its arguments and right"),
        )
        context.offer(IVerbs, self.verbs)

    def bind(self, context: Context) -> None:
        """All verbs are registered: open the port."""
        server, others = self.server, self._others
        assert server is not None and others is not None
        context.counters.update(server.counters.by_verb(self.verbs.names()))
        try:
            owners = context.find(IOwners)
            server.is_owner, server.dispatcher.heard = owners.is_owner, owners.heard
        except LookupError:
            self.log.debug("nobody grants claims here")
        try:
            server.dispatcher.audit = context.find(IAudit).refused
        except LookupError:
            self.log.debug("nobody keeps an audit here")
        for opened in (server.open(), others.open()):
            _raise_failure(opened)

    async def drain(self) -> None:
        """Begin nothing that moves, await what is begun."""
        if self._others is not None:
            await self._others.close()
        if self.server is not None:
            await self.server.drain()

    async def teardown(self) -> None:
        """Let everybody go."""
        others, self._others = self._others, None
        server, self.server = self.server, None
        if others is not None:
            await others.close()
        if server is not None:
            await server.close()

    def _version(self, call: Call) -> Result:
        context = self._context
        assert context is not None
        return {
            "name": "pychron-twisted",
            "version": _own_version(),
            "node": context.node_name,
            "boot": context.world.boot,
            "simulated": context.world.simulated,
            "dialect": DIALECT,
        }

    def _list(self, call: Call) -> Result:
        return [
            {
                "name": verb.name,
                "arguments": verb.arguments,
                "right": verb.right.name.lower(),
                "moves": verb.moves,
                "doc": verb.doc,
            }
            for verb in self.verbs.all()
        ]


def _own_version() -> str:
    try:
        return version("pychron-twisted")
    except PackageNotFoundError:
        return "unknown"


def _raise_failure(opened: Deferred[Any]) -> None:
    """A port that is taken fails the set-up, and does so here and now: endpoints listen at once."""
    failures: list[Failure] = []

    def keep(failure: Failure) -> None:
        failures.append(failure)

    opened.addErrback(keep)
    if failures:
        failures[0].raiseException()
