"""setupfiles/dashboard.yaml, else dashboard.xml: every problem with its line, in both dialects of existing laboratories.

A device that names its `device:` is read as installed programs read it, one that does not as their documentation
shows it: the two differ in what an absent key means, so each absent key that matters is named in a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pychron.config.fields import Fields
from pychron.config.problems import Place, Report
from pychron.config.xml_file import read_xml
from pychron.config.yaml_file import read_yaml
from pychron.dashboard import xml_entries, yaml_entries
from pychron.dashboard.conditions_file import Owner, read_conditions
from pychron.dashboard.entries import DeviceEntry, FileEntry, ValueEntry
from pychron.dashboard.specs import LOOPBACK, PORT, DashboardSpec, Dialect, ValueSpec

FILES = ("dashboard.yaml", "dashboard.yml", "dashboard.xml")
ON_CHANGE = "on_change"
RESERVED = ("pychron", "dashboard", "error", "RunAdded", "ConsoleMessage")
"""Tags of other messages on the same sockets."""
LONGEST_S = 86400.0
SHORTEST_S = 0.02
"""Period of a value: shorter ones would starve everything else of the node."""
DEAD_BAND = 1e-20


def find_dashboard(setupfiles: Path) -> tuple[Path, ...]:
    """The files that there are, the one that counts first."""
    return tuple(setupfiles / name for name in FILES if (setupfiles / name).is_file())


def read_dashboard(
    setupfiles: Path, report: Report, script_fault: Callable[[str], str] = lambda script: ""
) -> DashboardSpec | None:
    """The dashboard, or None with errors in the report: one error anywhere and nothing is started.

    `script_fault` is empty for a script that can be run, else what is wrong with it.
    """
    there = find_dashboard(setupfiles)
    if not there:
        report.error(
            report.place(setupfiles / FILES[0]),
            "no such file, nor dashboard.xml; write the values of the dashboard, or disable DashboardServer",
            code="file",
        )
        return None
    for second in there[1:]:
        report.warning(
            report.place(second), f"is not read: {there[0].name} goes first; delete one", code="file"
        )
    entry = _entries(there[0], report)
    return None if entry is None else _Reading(report, script_fault).file(entry)


def _entries(path: Path, report: Report) -> FileEntry | None:
    if path.suffix == ".xml":
        root = read_xml(path, report)
        return None if root is None else xml_entries.read_entries(root)
    before = len(report.errors)
    node = read_yaml(path, report)
    if node is None:
        if len(report.errors) == before:
            report.error(report.place(path), "is empty; write devices: and a list below it", code="devices")
        return None
    return yaml_entries.read_entries(node, report)


class _Reading:
    """One file being read."""

    def __init__(self, report: Report, script_fault: Callable[[str], str]) -> None:
        self._report = report
        self._script_fault = script_fault
        self._before = len(report.errors)
        self._tags: dict[str, Place] = {}
        self._names: dict[str, Place] = {}

    def file(self, entry: FileEntry) -> DashboardSpec | None:
        fields = Fields(entry.table, entry.place, self._report, "dashboard")
        host = fields.host("host", LOOPBACK)
        port = fields.integer("port", PORT, minimum=0, maximum=65534)
        fields.unknown(("devices",), near_is_error=True)
        values: list[ValueSpec] = []
        dialects: dict[Dialect, None] = {}
        for device in entry.devices:
            dialect, found = self._device(device)
            dialects[dialect] = None
            values += found
        if not entry.devices:
            self._report.error(entry.place, "there is no device; write at least one", code="devices")
        self._prefixes()
        if len(self._report.errors) > self._before:
            return None
        return DashboardSpec(
            entry.place,
            host,
            port,
            fields.place_of("port"),
            tuple(values),
            tuple(dialects),
        )

    def _device(self, entry: DeviceEntry) -> tuple[Dialect, list[ValueSpec]]:
        fields = Fields(entry.table, entry.place, self._report, "device")
        name = fields.text("name")
        if not name:
            fields.wrong("name", "has no name that people see; write name:")
            name = fields.text("device") or "?"
        fields.what = f"device {name}"
        dialect = Dialect.INSTALLED if "device" in fields else Dialect.DOCUMENTED
        source = fields.text("device") or name
        if dialect is Dialect.INSTALLED and not fields.text("device"):
            fields.wrong("device", "its device: is empty; write the name that the device file has")
        label = fields.text("tag") or name
        enabled = fields.flag("use", True) and fields.flag("enabled", True)
        fields.text("description")
        fields.unknown(("values",), near_is_error=True)
        if not entry.values:
            fields.wrong("values", "has no values; write at least one")
        found = [self._value(value, name, source, label, dialect) for value in entry.values]
        return dialect, [v for v in found if v is not None and enabled]

    def _value(
        self, entry: ValueEntry, device: str, source: str, label: str, dialect: Dialect
    ) -> ValueSpec | None:
        fields = Fields(entry.table, entry.place, self._report, f"device {device}")
        value_name = fields.text("name")
        if not value_name:
            fields.wrong("name", "a value has no name; write name:")
            return None
        name = f"{device}.{value_name}"
        fields.what = name
        installed = dialect is Dialect.INSTALLED
        default_attribute = "get" if installed else value_name
        attribute = fields.text("func_name") or fields.text("func") or default_attribute
        spec = ValueSpec(
            name=name,
            device=device,
            value_name=value_name,
            source=source,
            attribute=attribute,
            tag=self._tag(fields, f"<{label},{value_name}>"),
            units=fields.text("units"),
            period_s=self._period(fields, 60.0 if installed else 5.0),
            timeout_s=fields.number("timeout", 60.0 if installed else 0.0, minimum=0.0, maximum=LONGEST_S),
            dead_band=self._dead_band(fields),
            record=fields.flag("record", not installed),
            enabled=fields.flag("enabled", not installed),
            conditions=read_conditions(entry, Owner(name, self._script_fault), self._report),
            place=entry.place,
        )
        fields.text("bindname")
        fields.text("bind")
        fields.unknown(
            ("threshold", "conditionals", *(k for k in entry.table if k.startswith("threshold."))),
            near_is_error=True,
        )
        self._once(name, spec.tag, entry.place)
        self._say_defaults(fields, dialect, spec)
        return spec

    def _tag(self, fields: Fields, default: str) -> str:
        if "tag" in fields and not fields.text("tag"):
            fields.wrong("tag", "its tag is empty; write one, or delete the key")
        tag = fields.text("tag", default)
        if tag in RESERVED or any(ord(c) < 32 for c in tag):
            fields.wrong("tag", f"the tag {tag!r} belongs to other messages; write another one")
        return tag

    def _period(self, fields: Fields, default: float) -> float | None:
        if fields.text("period").casefold() == ON_CHANGE:
            return None
        return fields.number("period", default, minimum=SHORTEST_S, maximum=LONGEST_S)

    def _dead_band(self, fields: Fields) -> float:
        if "change_threshold" in fields and "threshold" in fields:
            fields.wrong("threshold", "threshold and change_threshold say the same thing twice; keep one")
        if "change_threshold" in fields:
            return fields.number("change_threshold", DEAD_BAND, minimum=0.0)
        return fields.number("threshold", DEAD_BAND, minimum=0.0)

    def _once(self, name: str, tag: str, place: Place) -> None:
        for what, word, seen in (("name", name, self._names), ("tag", tag, self._tags)):
            first = seen.setdefault(word, place)
            if first is not place:
                self._report.error(
                    place,
                    f"the {what} {word} stands twice, first in line {first.line}; give one of them another",
                    code=f"double_{what}",
                    value=word,
                )

    def _prefixes(self) -> None:
        """An installed client gives a message to the first tag that it begins with."""
        for tag, place in self._tags.items():
            for other in self._tags:
                if other != tag and tag.startswith(other):
                    self._report.warning(
                        place,
                        f"the tag {tag} begins with the tag {other}: installed clients may mix them up",
                        code="tag",
                        value=tag,
                    )

    def _say_defaults(self, fields: Fields, dialect: Dialect, spec: ValueSpec) -> None:
        period = "on_change" if spec.period_s is None else f"{spec.period_s:g}"
        said = {
            "enabled": "true" if spec.enabled else "false",
            "period": period,
        }
        if spec.on_change:
            said["timeout"] = f"{spec.timeout_s:g}"
        absent = [f"{key}: {text}" for key, text in said.items() if key not in fields]
        if absent:
            why = "its device is named by device:" if dialect is Dialect.INSTALLED else "there is no device:"
            text = f"{', '.join(absent)} is taken, as {why}; the other dialect takes something else"
            fields.doubtful("enabled", f"{text}: write what you mean")
