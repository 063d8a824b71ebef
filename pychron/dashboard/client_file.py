"""Which dashboard servers a node follows: setupfiles/dashboard_client.yaml, else the preferences of an installed program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pychron.config.fields import Fields, Value
from pychron.config.ini_file import read_ini
from pychron.config.problems import Place, Report
from pychron.config.yaml_file import YamlTable, leaves, read_yaml
from pychron.dashboard.specs import LOOPBACK, PORT

FILE = Path("setupfiles", "dashboard_client.yaml")
PREFERENCES = (
    "preferences/dashboard.ini",
    ".appdata/pyexperiment/preferences.ini",
    ".appdata/pycrunch/preferences.ini",
    ".appdata/pyvalve/preferences.ini",
)
CLIENT = "pychron.dashboard.client"
EXPERIMENT = "pychron.dashboard.experiment"
MOST = 16


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """One server's publish port; it answers on the next one."""

    host: str
    port: int
    place: Place

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ClientSpec:
    """What the file says; without one: one server on loopback, 8100."""

    servers: tuple[ServerAddress, ...]
    hold_queue: bool
    """`use_dashboard_client`: no queue starts or goes on while the dashboard has something against it."""


def read_client(root: Path, report: Report) -> ClientSpec:
    """Problems go to the report; what cannot be read has its default."""
    path = root / FILE
    place = report.place(path)
    if path.exists():
        node = read_yaml(path, report)
        if isinstance(node, YamlTable):
            return _spec(Fields(leaves(node), place, report, "dashboard client"))
        if node is not None:
            report.error(node.place, "write keys here, such as host: and port:", code="yaml")
        return _spec(Fields({}, place, report))
    return _spec(Fields(_preferences(root, report), place, report, "dashboard client"))


def _preferences(root: Path, report: Report) -> dict[str, tuple[Value, ...]]:
    found: dict[str, tuple[Value, ...]] = {}
    for name in PREFERENCES:
        path = root / name
        ini = read_ini(path, Report(report.root)) if path.is_file() else None
        if ini is None:
            continue
        for section, keys in (
            (CLIENT, ("host", "port")),
            (EXPERIMENT, ("use_dashboard_client",)),
        ):
            for key in keys:
                value = ini.sections.get(section, {}).get(key)
                if value is not None and value.text:
                    found.setdefault(key, (value,))
    return found


def _spec(fields: Fields) -> ClientSpec:
    servers: dict[str, ServerAddress] = {}
    if "servers" not in fields or "host" in fields:
        one = ServerAddress(
            fields.host("host", LOOPBACK) or LOOPBACK,
            fields.integer("port", PORT, minimum=1, maximum=65534),
            fields.place_of("host"),
        )
        servers[str(one)] = one
    for value in fields.texts("servers"):
        host, colon, port = value.text.rpartition(":")
        host, port = (host, port) if colon else (value.text, str(PORT))
        if not host or not port.isdigit() or not 1 <= int(port) <= 65534:
            fields.wrong(
                "servers",
                f"{value.text!r} is no address; write HOST or HOST:PORT, as valves.lab:{PORT}",
                value.place,
            )
            continue
        address = ServerAddress(host, int(port), value.place)
        servers.setdefault(str(address), address)
    if len(servers) > MOST:
        fields.wrong("servers", f"no more than {MOST} servers can be followed")
    hold = fields.flag("use_dashboard_client", False)
    fields.unknown(near_is_error=True)
    return ClientSpec(tuple(servers.values())[:MOST], hold)
