"""`setupfiles/web.yaml`: where the live page listens, which names are the node's own, whether it may move valves. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pychron.config.fields import Fields
from pychron.config.problems import Place, Report
from pychron.config.yaml_file import YamlTable, leaves, read_yaml

FILE = Path("setupfiles", "web.yaml")
PORTS = {"valve": 8888, "experiment": 8889, "furpi": 8890, "crunch": 8891}
OPTION = "--web-port"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class WebSpec:
    """What the file says; without it: loopback, the role's port, read-only."""

    host: str
    port: int
    place: Place
    names: tuple[str, ...] = ()
    """Further names of this machine by which browsers may call it"""
    actuate: bool = False
    token_sha256: str = ""
    """Of the token that a person exchanges for a session, in hexadecimal"""


def read_web(root: Path, role: str, port: int | None, report: Report) -> WebSpec:
    """The file with the option over it. Problems go to the report."""
    path = root / FILE
    place = report.place(path)
    fields = Fields({}, place, report, "web")
    if path.exists():
        node = read_yaml(path, report)
        if isinstance(node, YamlTable):
            fields = Fields(leaves(node), place, report, "web")
        elif node is not None:
            report.error(node.place, "web: write keys here, such as `port: 8888`", code="yaml")
    host = fields.host("host", LOOPBACK)
    said = fields.port("port", PORTS.get(role, 0), zero=True)
    names = tuple(value.text.lower() for value in fields.texts("names"))
    actuate = fields.flag("actuate", False)
    token = fields.text("token_sha256").lower()
    if token and not re.fullmatch(r"[0-9a-f]{64}", token):
        fields.wrong("token_sha256", "token_sha256: write the 64 digits that `pychron web token` prints")
        token = ""
    if actuate and not token:
        fields.wrong("actuate", "actuate: true takes a token_sha256; `pychron web token` makes one")
        actuate = False
    fields.unknown(near_is_error=True)
    return WebSpec(host, said if port is None else port, fields.place_of("port"), names, actuate, token)
