"""Reads initialization.xml (spec broadcast-dashboard-config 4, rpc-and-valves 5.4): the whole grammar, every oddity."""

from __future__ import annotations

from pathlib import Path

from pychron.config.initialization import (
    DeviceElement,
    FlagElement,
    Initialization,
    ManagerElement,
    PluginElement,
)
from pychron.config.problems import Place, Report, nearest
from pychron.config.words import read_flag
from pychron.config.xml_file import XmlElement, read_xml

GROUPS = ("general", "data", "hardware", "social")
MANAGERS = (
    "switch_manager",
    "gauge_manager",
    "cryo_manager",
    "manometer_manager",
    "heater_manager",
    "pump_manager",
    "multiplexer_manager",
)
OLD_MANAGERS = {"valve_manager": "switch_manager"}
FLAGS = ("flag", "timed_flag", "valve_flag")
TABLES = ("rpc", "communications", "runner")
LEAVES = ("mode", "klass", "required", "system", "processor", "server")
_KNOWN = ("manager", "device", *FLAGS, *TABLES, *LEAVES)
TEXT_GLOBALS = (
    "pipeline_template",
    "test_experiment_set",
    "own_spectrometer",
    "cert_file",
    "db_cert_file",
    "db_ca_file",
    "db_key_file",
    "laser_version",
)


def read_initialization(path: Path, report: Report) -> Initialization | None:
    """The file, or None where it is no XML or no initialization file at all; everything odd is in the report."""
    root = read_xml(path, report)
    if root is None:
        return None
    if root.tag != "root":
        report.error(
            root.place,
            f"<{root.tag}> is not an initialization file; its outermost element is <root>",
            code="root",
        )
        return None
    return _Reader(report).whole(root)


class _Reader:
    def __init__(self, report: Report) -> None:
        self.report = report

    def whole(self, root: XmlElement) -> Initialization:
        plugins: list[PluginElement] = []
        values: dict[str, str] = {}
        places: dict[str, Place] = {}
        for child in root.children:
            if child.tag == "globals":
                for item in child.children:
                    if item.tag == "plugin":
                        plugins.append(self.plugin(item, "globals"))
                    else:
                        self.global_value(item, values, places)
            elif child.tag == "plugins":
                for group in child.children:
                    plugins += self.group(group)
            else:
                self.unknown(child, ("globals", "plugins"), "root")
        if root.first("plugins") is None and not plugins:
            self.report.warning(
                root.place,
                "has no <plugins>: no plugin is loaded; write <plugins><general>...",
                code="plugins",
            )
        seen: dict[str, PluginElement] = {}
        for plugin in plugins:
            key = plugin.name.casefold()
            if key in seen and key:
                self.report.error(
                    plugin.place,
                    f"plugin {plugin.name} stands twice, first in line {seen[key].place.line}; keep one",
                    code="double_plugin",
                )
            seen.setdefault(key, plugin)
        kept = tuple(p for p in plugins if p.name and seen[p.name.casefold()] is p)
        return Initialization(root.place, kept, values, places)

    def global_value(self, item: XmlElement, values: dict[str, str], places: dict[str, Place]) -> None:
        if item.tag in values:
            self.report.error(
                item.place,
                f"<{item.tag}> stands twice in <globals>, first in line {places[item.tag].line}",
                code="double_key",
            )
            return
        if item.children:
            self.report.warning(
                item.children[0].place,
                f"<{item.children[0].tag}> inside <{item.tag}> is not read",
                code="element",
            )
        if item.tag not in TEXT_GLOBALS and item.text and read_flag(item.text) is None:
            self.report.warning(
                item.place,
                f"<{item.tag}>: {item.text!r} is neither true nor false; read as false",
                code="word",
            )
        values[item.tag] = item.text
        places[item.tag] = item.place

    def group(self, group: XmlElement) -> list[PluginElement]:
        if group.tag == "plugin":
            self.report.warning(
                group.place,
                "<plugin> stands directly in <plugins>, where installed Pychron does not look; put it into <general>",
                code="group",
            )
            return [self.plugin(group, "general")]
        if group.tag not in GROUPS:
            self.unknown(group, (*GROUPS, "plugin"), "plugins")
            return [self.plugin(p, group.tag) for p in group.all("plugin")]
        plugins = []
        for child in group.children:
            if child.tag == "plugin":
                plugins.append(self.plugin(child, group.tag))
            elif group.tag == "hardware" and child.tag in ("processor", "server"):
                self.report.warning(
                    child.place,
                    f"<{child.tag}> belongs to the retired hardware server and is ignored",
                    code="element",
                )
            else:
                self.unknown(child, ("plugin",), group.tag)
        return plugins

    def plugin(self, element: XmlElement, group: str) -> PluginElement:
        name = self.name(element, "plugin")
        values, places = self.values(element)
        return PluginElement(
            name=name,
            place=element.place,
            enabled=self.enabled(element, f"plugin {name}"),
            group=group,
            managers=tuple(self.manager(m) for m in element.all("manager")),
            devices=tuple(self.device(d) for d in element.all("device")),
            values=values,
            flags=self.flags(element),
            places=places,
        )

    def manager(self, element: XmlElement) -> ManagerElement:
        name = self.name(element, "manager")
        if name in OLD_MANAGERS:
            self.report.warning(
                element.place,
                f"manager {name} is an older name, read as {OLD_MANAGERS[name]}; write {OLD_MANAGERS[name]}",
                code="manager",
            )
            name = OLD_MANAGERS[name]
        elif name and name not in MANAGERS:
            self.report.error(
                element.place, f"manager {name} is not known{nearest(name, MANAGERS)}", code="manager"
            )
        return ManagerElement(
            name=name,
            place=element.place,
            enabled=self.enabled(element, f"manager {name}"),
            devices=tuple(self.device(d) for d in element.all("device")),
            managers=tuple(self.manager(m) for m in element.all("manager")),
            flags=self.flags(element),
            values=self.values(element)[0],
        )

    def device(self, element: XmlElement) -> DeviceElement:
        name = self.name(element, "device")
        klass = self.leaf(element, "klass") or element.attributes.get("klass", "")
        if "klass" in element.attributes:
            self.report.warning(
                element.place,
                f'the attribute klass="{klass}" of device {name} is not read by installed Pychron; '
                f'write <device enabled="true">{name}<klass>{klass}</klass></device>',
                code="attribute",
            )
        for child in element.children:
            if child.tag not in ("klass", "required"):
                self.unknown(child, ("klass", "required"), f"device {name}")
        required = self.leaf(element, "required")
        return DeviceElement(
            name=name,
            place=element.place,
            enabled=self.enabled(element, f"device {name}"),
            klass=klass,
            required=read_flag(required) is not False,
        )

    def flags(self, element: XmlElement) -> tuple[FlagElement, ...]:
        found = []
        for child in element.children:
            if child.tag not in FLAGS:
                continue
            name = self.name(child, child.tag)
            valves = self.leaf(child, "valves")
            found.append(
                FlagElement(
                    name=name,
                    place=child.place,
                    enabled=self.enabled(child, f"{child.tag} {name}"),
                    kind=child.tag,
                    valves=tuple(v.strip() for v in valves.split(",") if v.strip()),
                )
            )
            if element.tag == "manager":
                self.report.warning(
                    child.place,
                    f"{child.tag} {name} stands inside a manager, where installed Pychron cannot find it; "
                    "put it directly into <plugin>",
                    code="flag",
                )
        return tuple(found)

    def values(self, element: XmlElement) -> tuple[dict[str, str], dict[str, Place]]:
        values: dict[str, str] = {}
        places: dict[str, Place] = {}

        def add(key: str, text: str, place: Place) -> None:
            if key in values:
                self.report.error(
                    place,
                    f"{key} stands twice, first in line {places[key].line}; keep one",
                    code="double_key",
                )
                return
            values[key] = text
            places[key] = place

        def leaves(table: XmlElement, prefix: str) -> None:
            for name, text in table.attributes.items():
                add(f"{prefix}{name}", text, table.place)
            for child in table.children:
                if child.children:
                    leaves(child, f"{prefix}{child.tag}.")
                else:
                    add(f"{prefix}{child.tag}", child.text, child.place)

        for child in element.children:
            if child.tag in TABLES:
                leaves(child, f"{child.tag}.")
            elif child.tag in LEAVES:
                add(child.tag, child.text, child.place)
                for name, text in child.attributes.items():
                    add(f"{child.tag}.{name}", text, child.place)
            elif child.tag not in _KNOWN:
                self.unknown(child, _KNOWN, element.tag)
        return values, places

    def name(self, element: XmlElement, what: str) -> str:
        """Its text; the older style had an attribute `name`."""
        written = element.attributes.get("name", "").strip()
        if written:
            self.report.warning(
                element.place,
                f'the attribute name="{written}" is not read by installed Pychron; '
                f'write <{element.tag} enabled="true">{written}</{element.tag}>',
                code="attribute",
            )
        name = " ".join((element.text or written).split())
        if not name:
            self.report.error(
                element.place,
                f'has no name; write <{element.tag} enabled="true">NAME</{element.tag}>',
                code="name",
            )
        if "manager" in element.attributes:
            self.report.warning(
                element.place,
                f'the attribute manager="{element.attributes["manager"]}" is not read; put {name} inside '
                f'<manager enabled="true">{element.attributes["manager"]}</manager>',
                code="attribute",
            )
        for attribute in element.attributes:
            if attribute not in ("name", "enabled", "klass", "manager"):
                self.report.warning(
                    element.place,
                    f"the attribute {attribute} of {what} {name} is ignored{nearest(attribute, ('enabled',))}",
                    code="attribute",
                )
        return name

    def enabled(self, element: XmlElement, what: str) -> bool:
        word = element.attributes.get("enabled")
        if word is None:
            self.report.warning(
                element.place,
                f'{what} has no enabled attribute, which means disabled; write enabled="true"',
                code="enabled",
            )
            return False
        value = read_flag(word)
        if value is None:
            self.report.error(
                element.place,
                f'{what}: enabled="{word}" is neither true nor false; write enabled="true" or enabled="false"',
                code="enabled",
            )
        return value is True

    def leaf(self, element: XmlElement, tag: str) -> str:
        found = list(element.all(tag))
        if len(found) > 1:
            self.report.error(found[1].place, f"<{tag}> stands twice; keep one", code="double_key")
        return found[0].text if found else ""

    def unknown(self, element: XmlElement, known: tuple[str, ...], where: str) -> None:
        self.report.warning(
            element.place,
            f"<{element.tag}> in <{where}> is not known and is ignored{nearest(element.tag, known)}",
            code="element",
        )
