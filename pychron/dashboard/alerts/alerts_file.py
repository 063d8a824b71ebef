"""`setupfiles/alerts.yaml`: channels, what each level does, actions, nodes to watch. Every problem with its line. Pure."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pychron.config.fields import Fields
from pychron.config.problems import Report, nearest
from pychron.config.yaml_file import YamlList, YamlNode, YamlTable, leaves, read_yaml
from pychron.dashboard.alerts.specs import (
    PRESETS,
    TLS,
    Action,
    AlertsSpec,
    Channel,
    Mail,
    Policy,
    Program,
    WatchedNode,
    Webhook,
)
from pychron.dashboard.events import Level

FILE = Path("setupfiles", "alerts.yaml")
KINDS = ("email", "webhook", "command")
SILENT_S = 15.0


def read_alerts(root: Path, report: Report) -> AlertsSpec:
    """The file; an absent one is empty. Problems go to the report."""
    path = root / FILE
    if not path.exists():
        return AlertsSpec()
    node = read_yaml(path, report)
    if not isinstance(node, YamlTable):
        if node is not None:
            report.error(node.place, "alerts: write tables here, such as `channels:`", code="yaml")
        return AlertsSpec()
    known = ("channels", "warning", "critical", "actions", "watch", "dead_man")
    for key, place in node.places.items():
        if key not in known:
            report.error(place, f"alerts: {key} is not a known key{nearest(key, known)}", code=key)
    channels = _channels(node.entries.get("channels"), report)
    policies = {level: _policy(node.entries.get(str(level)), level, channels, report) for level in Level}
    url, every = _dead_man(node.entries.get("dead_man"), report)
    return AlertsSpec(
        channels,
        policies,
        _actions(node.entries.get("actions"), report),
        _watch(node.entries.get("watch"), report),
        url,
        every,
    )


def _fields(node: YamlNode | None, report: Report, what: str) -> Fields | None:
    if node is None:
        return None
    if not isinstance(node, YamlTable):
        report.error(node.place, f"{what}: write keys and values", code=what)
        return None
    return Fields(leaves(node), node.place, report, what)


def _channels(node: YamlNode | None, report: Report) -> dict[str, Channel]:
    found: dict[str, Channel] = {}
    if node is None:
        return found
    if not isinstance(node, YamlTable):
        report.error(
            node.place, "channels: write a name and its table, as mail: {kind: email, ...}", code="channels"
        )
        return found
    for name, entry in node.entries.items():
        fields = _fields(entry, report, f"channel {name}")
        if fields is None:
            continue
        channel = _channel(name, fields)
        fields.unknown(near_is_error=True)
        if channel is not None:
            found[name] = channel
    return found


def _fits_a_mail(text: str) -> bool:
    """What every server takes in an address: letters beyond ASCII need an extension that few have."""
    return text.isascii() and text.isprintable() and not set(text) & set(" <>,;")


def _channel(name: str, fields: Fields) -> Channel | None:
    kind = fields.choice("kind", "", KINDS)
    place = fields.place
    if kind == "email":
        to = tuple(value.text for value in fields.texts("to"))
        for value in fields.texts("to"):
            if value.text.count("@") != 1 or not _fits_a_mail(value.text):
                fields.wrong("to", f"to: {value.text!r} is no address; write one a line", value.place)
        if not to:
            fields.wrong("to", "has no to; write the addresses that get the mail")
        tls = fields.choice("tls", "starttls", TLS)
        port = fields.port("port", {"starttls": 587, "tls": 465}.get(tls, 25))
        sender = fields.text("sender") or fields.text("user") or "pychron@localhost"
        if not _fits_a_mail(sender):
            fields.wrong("sender", f"sender: {sender!r} is no address; write NAME@HOST in ASCII")
        return Mail(
            name, to, sender, fields.host("host", "127.0.0.1"), port, tls, fields.text("user"),
            fields.text("password_file"), place,
        )  # fmt: skip
    if kind == "webhook":
        url = fields.required("url")
        if url and urlsplit(url).scheme not in ("http", "https"):
            fields.wrong("url", f"url: {url!r} is none; write http://... or https://...")
        return Webhook(name, url, fields.choice("preset", "plain", PRESETS), place)
    if kind == "command":
        arguments = tuple(value.text for value in fields.values.get("command", ()))
        fields.texts("command")
        if not arguments:
            fields.wrong("command", "has no command; write [program, argument, ...]")
        return Program(name, arguments, place)
    fields.wrong("kind", f"has no kind; write {', '.join(KINDS)}")
    return None


def _policy(node: YamlNode | None, level: Level, channels: dict[str, Channel], report: Report) -> Policy:
    fields = _fields(node, report, str(level))
    if fields is None:
        return Policy()

    def named(key: str) -> tuple[str, ...]:
        for value in fields.texts(key):
            if value.text not in channels:
                fields.wrong(
                    key,
                    f"{key}: there is no channel {value.text}{nearest(value.text, channels)}",
                    value.place,
                )
        return tuple(value.text for value in fields.texts(key) if value.text in channels)

    escalate_s = fields.number("escalate_after", 0.0, minimum=0.0)
    found = Policy(
        named("channels"),
        fields.number("delay", 0.0, minimum=0.0),
        fields.number("repeat", 0.0, minimum=0.0),
        escalate_s,
        named("escalate_to"),
    )
    if bool(escalate_s) != bool(found.escalate_to):
        fields.wrong("escalate_to", "escalate_after and escalate_to go together: when, and to whom")
    fields.unknown(near_is_error=True)
    return found


def _actions(node: YamlNode | None, report: Report) -> tuple[Action, ...]:
    found = []
    for entry in _items(node, report, "actions"):
        fields = _fields(entry, report, "action")
        if fields is None:
            continue
        action = Action(
            fields.required("condition"),
            fields.flag("hold_queue", False),
            tuple(value.text for value in fields.texts("close")),
            tuple(value.text for value in fields.texts("lock")),
            fields.text("script"),
            fields.place,
        )
        if action.moves and not action.hold_queue:
            fields.doubtful(
                "hold_queue",
                "it moves something, so the queue is held first all the same; write hold_queue: true",
            )
        fields.unknown(near_is_error=True)
        found.append(action)
    return tuple(found)


def _watch(node: YamlNode | None, report: Report) -> tuple[WatchedNode, ...]:
    found = []
    for entry in _items(node, report, "watch"):
        fields = _fields(entry, report, "watch")
        if fields is None:
            continue
        host = fields.host("host", "127.0.0.1")
        port = fields.port("port", 5555)
        name = fields.text("name") or f"{host}:{port}"
        found.append(WatchedNode(name, host, port, fields.seconds("silent", SILENT_S), fields.place))
        fields.unknown(near_is_error=True)
    return tuple(found)


def _items(node: YamlNode | None, report: Report, what: str) -> tuple[YamlNode, ...]:
    if node is None:
        return ()
    if isinstance(node, YamlList):
        return node.items
    report.error(node.place, f"{what}: write a list, each item a table", code=what)
    return ()


def _dead_man(node: YamlNode | None, report: Report) -> tuple[str, float]:
    fields = _fields(node, report, "dead_man")
    if fields is None:
        return "", 60.0
    url, every = fields.required("url"), fields.seconds("every", 60.0)
    fields.unknown(near_is_error=True)
    return url, every
