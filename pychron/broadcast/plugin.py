"""The notifier of a node, present on every one: initialization.xml need not list it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from twisted.logger import Logger
from zope.interface import implementer

from pychron.broadcast.interfaces import INotifier
from pychron.broadcast.notifier import Notifier, PortTaken
from pychron.config.fields import Fields
from pychron.config.problems import Place, Report
from pychron.config.yaml_file import YamlTable, leaves, read_yaml
from pychron.runtime.plugin import Context, IPlugin, Listening

FILE = Path("setupfiles", "servers", "notifier.yaml")
PORT = 5555
LOOPBACK = "127.0.0.1"
OPTION = "--publish-port"


@dataclass(frozen=True, slots=True)
class NotifierSpec:
    """What `setupfiles/servers/notifier.yaml` says; without it: loopback and 5555."""

    host: str
    port: int
    place: Place
    """Where the port was said."""
    key: str
    """The key or option that changes it."""

    def listens(self) -> tuple[Listening, ...]:
        """PUB and REP. Port 0 takes a free pair."""
        if self.port == 0:
            return ()
        reply = f"{self.key} (its reply port is the next one)"
        return (
            Listening(self.host, self.port, self.place, self.key),
            Listening(self.host, self.port + 1, self.place, reply),
        )


def read_spec(root: Path, publish_port: int | None, report: Report) -> NotifierSpec:
    """The file with the option over it. Problems go to the report."""
    path = root / FILE
    place = report.place(path)
    fields = Fields({}, place, report, "notifier")
    if path.exists():
        node = read_yaml(path, report)
        if isinstance(node, YamlTable):
            fields = Fields(leaves(node), place, report, "notifier")
        elif node is not None:
            report.error(node.place, "notifier: write keys here, such as `port: 5555`", code="yaml")
    host = fields.host("host", LOOPBACK)
    port = fields.integer("port", PORT, minimum=0, maximum=65534)
    fields.unknown(near_is_error=True)
    if publish_port is not None:
        if not 0 <= publish_port <= 65534:
            report.error(
                place, f"{OPTION}: {publish_port} is out of range; write 0 to 65534", code="publish_port"
            )
            publish_port = PORT
        return NotifierSpec(host, publish_port, place, OPTION)
    return NotifierSpec(
        host, port, fields.place_of("port"), "port" if "port" in fields else f"port, or {OPTION}"
    )


@implementer(IPlugin)
class BroadcastPlugin:
    """Offers INotifier, which follows the node's bus."""

    name = "Broadcast"
    needs = ()
    offers = (INotifier,)
    wants = ()
    log = Logger()

    def __init__(self) -> None:
        self._spec: NotifierSpec | None = None
        self._notifier: Notifier | None = None
        self.port = 0
        """The publish port in use."""

    def check(self, context: Context) -> None:
        self._spec = read_spec(context.options.root, context.options.publish_port, context.report)
        context.listens.extend(self._spec.listens())

    async def setup(self, context: Context) -> None:
        spec = self._spec or read_spec(context.options.root, context.options.publish_port, context.report)
        notifier = Notifier(context.world, context.node_name or context.options.role)
        try:
            self.port = notifier.start(spec.host, spec.port, context.bus)
        except PortTaken as taken:
            text = f"{spec.place}: {spec.key}: {taken.why}; write another port (0 = any free pair)"
            raise PortTaken(taken.host, taken.port, text) from taken
        self._notifier = notifier
        context.counters["broadcast_frames_sent"] = lambda: notifier.sent
        context.counters["broadcast_requests_answered"] = lambda: notifier.answered
        context.offer(INotifier, notifier)
        self.log.info(
            "broadcasts on {host}:{port}, requests on {host}:{reply}",
            host=spec.host,
            port=self.port,
            reply=self.port + 1,
        )

    def bind(self, context: Context) -> None:
        """It wants nothing."""

    async def teardown(self) -> None:
        notifier, self._notifier = self._notifier, None
        if notifier is not None:
            notifier.stop()
