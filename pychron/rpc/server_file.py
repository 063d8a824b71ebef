"""servers/remote_command_server.yaml as a frozen value. Pure.

port: 1061
host: 0.0.0.0                      # default: loopback
allow: [192.168.1.7, 10.0.0.0/24]  # default: the subnets of this machine; or: any
close_after_reply: false
quiet_s: 0                         # answer an unended request after so many seconds; 0 = never
udp: {port: 1061, actuate: false}
legacy: {port: 1060, host: 127.0.0.1, actuate: false, from: [127.0.0.1]}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pychron.config.fields import Fields, Value
from pychron.config.problems import Place, Report
from pychron.config.yaml_file import YamlTable, leaves, read_yaml
from pychron.trust.addresses import Network, Rights, is_loopback, read_network, rights_for

FILE = "servers/remote_command_server.yaml"
PORT = 1061
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class UdpSpec:
    """A listener for datagrams, as older clients send by default."""

    port: int
    place: Place
    actuate: bool = False
    """Datagrams may move something: they come late, twice, and from whatever address they say."""


@dataclass(frozen=True, slots=True)
class LegacySpec:
    """The listener of RemoteHardwareServer: `GET /GetValveState/A`."""

    port: int
    place: Place
    host: str = LOOPBACK
    actuate: bool = False
    sources: tuple[Network, ...] = ()
    """From where it moves something, with `actuate`."""


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """What the file says; without a file, the defaults."""

    place: Place
    """Of `port`, or of the file."""
    host: str = LOOPBACK
    port: int = PORT
    allow: tuple[Network, ...] | None = None
    anyone: bool = False
    close_after_reply: bool = False
    quiet_s: float = 0.0
    udp: UdpSpec | None = None
    legacy: LegacySpec | None = None

    def rights(self, interfaces: Sequence[str]) -> Rights:
        """Who may operate, on a machine with these addresses."""
        return rights_for(self.host, self.allow, self.anyone, interfaces)


def read_server_file(setupfiles: Path, report: Report) -> ServerSpec:
    """Problems go to `report`; what cannot be read has its default."""
    path = setupfiles / FILE
    place = report.place(path)
    if not path.exists():
        return ServerSpec(place)
    node = read_yaml(path, report)
    if node is None:
        return ServerSpec(place)
    if not isinstance(node, YamlTable):
        report.error(node.place, f"write keys such as port: {PORT}", code="server")
        return ServerSpec(place)
    return parse_server(node, report)


def parse_server(table: YamlTable, report: Report) -> ServerSpec:
    """As `read_server_file`, from a table that was read."""
    fields = Fields(leaves(table), table.place, report)
    host = fields.host(default=LOOPBACK)
    port = fields.port(default=PORT, zero=True)
    allow, anyone = _allow(fields, report)
    quiet_s = fields.number("quiet_s", 0.0, minimum=0.0, maximum=10.0)
    if quiet_s:
        fields.doubtful(
            "quiet_s", "quiet_s: an unended request is carried out; half of `Open A10` is `Open A1`"
        )
    spec = ServerSpec(
        place=fields.place_of("port"),
        host=host,
        port=port,
        allow=allow,
        anyone=anyone,
        close_after_reply=fields.flag("close_after_reply", False),
        quiet_s=quiet_s,
        udp=_udp(fields),
        legacy=_legacy(fields, report),
    )
    fields.unknown(near_is_error=True)
    return spec


def _allow(fields: Fields, report: Report) -> tuple[tuple[Network, ...] | None, bool]:
    if "allow" not in fields:
        return None, False
    values = fields.texts("allow")
    if any(value.text.casefold() == "any" for value in values):
        fields.doubtful(
            "allow", "allow: any lets every computer that reaches this port operate; list addresses instead"
        )
        return None, True
    return _networks(values, "allow", report), False


def _networks(values: Sequence[Value], key: str, report: Report) -> tuple[Network, ...]:
    found = []
    for value in values:
        network = read_network(value.text)
        if network is None:
            text = f"{key}: {value.text!r} is no address; write one such as 192.168.1.7 or 192.168.1.0/24"
            report.error(value.place, text, code=key, value=value.text)
        else:
            found.append(network)
    return tuple(found)


def _udp(fields: Fields) -> UdpSpec | None:
    if "udp.port" not in fields:
        return None
    return UdpSpec(fields.port("udp.port"), fields.place_of("udp.port"), fields.flag("udp.actuate", False))


def _legacy(fields: Fields, report: Report) -> LegacySpec | None:
    if "legacy.port" not in fields:
        return None
    spec = LegacySpec(
        fields.port("legacy.port"),
        fields.place_of("legacy.port"),
        fields.host("legacy.host", LOOPBACK),
        fields.flag("legacy.actuate", False),
        _networks(fields.texts("legacy.from"), "legacy.from", report),
    )
    fields.doubtful(
        "legacy.port", "legacy: this listener is deprecated; run `pychron migrate` on the clients' roots"
    )
    if spec.actuate and not spec.sources:
        fields.wrong(
            "legacy.actuate", "legacy: actuate: true needs the addresses it is for; write from: [ADDRESS]"
        )
    if not is_loopback(spec.host):
        fields.doubtful(
            "legacy.host", f"legacy: {spec.host} is reached from other computers; browsers reach it too"
        )
    return spec
