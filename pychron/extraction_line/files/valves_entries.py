"""valves.xml and valves.yaml as one list of entries in load order, each key a text with its line.

Both formats say the same things in different shapes (spec rpc-and-valves 5.1); after this module there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pychron.config.fields import Value
from pychron.config.problems import Place, Report, nearest
from pychron.config.xml_file import XmlElement, read_xml
from pychron.config.yaml_file import YamlList, YamlTable, YamlText, leaves, read_yaml
from pychron.extraction_line.states import Kind

PIPETTE = "pipette"
ORDER = (Kind.VALVE, Kind.SWITCH, Kind.MANUAL_VALVE, Kind.DOUBLE_ACTUATION_VALVE, PIPETTE)
"""Load order of the kinds, which is word order."""
KINDS = tuple(str(kind) for kind in ORDER)
ALIASES = {
    "interlocks": "interlock",
    "positive_interlocks": "positive_interlock",
    "parent.name": "parent",
    "state_device.name": "state_device",
    "state_device.inverted": "state_invert",
    "state_device.address": "state_address",
}


@dataclass(slots=True)
class Entry:
    """One switch or pipette as the file has it. `kind` may be a word that is none of `KINDS`."""

    kind: str
    name: str
    place: Place
    group: str = ""
    values: dict[str, list[Value]] = field(default_factory=dict)

    def add(self, key: str, *values: Value) -> None:
        self.values.setdefault(ALIASES.get(key, key), []).extend(values)


def read_entries(path: Path, report: Report) -> list[Entry] | None:
    """All entries in load order, or None where the file cannot be read."""
    before = len(report.errors)
    if path.suffix.lower() == ".xml":
        root = read_xml(path, report)
        found = None if root is None else list(_from_xml(root, report))
    else:
        node = read_yaml(path, report)
        if node is None or (isinstance(node, YamlText) and not node.text):
            if len(report.errors) == before:
                report.warning(report.place(path), "is empty: the line has no switch", code="file")
                return []
            return None
        if not isinstance(node, YamlList):
            report.error(
                node.place,
                "is no list of switches; write one `- {name: A, address: 101}` for each",
                code="yaml",
            )
            return None
        found = [e for item in node.items if (e := _from_table(item, report)) is not None]
    if found is None:
        return None
    rank = {str(kind): i for i, kind in enumerate(ORDER)}
    return sorted(found, key=lambda e: (rank.get(e.kind, 0), not e.group))


def _from_xml(root: XmlElement, report: Report) -> Iterator[Entry]:
    for element in root.children:
        if element.tag != "group":
            yield from _element(element, "", report)
            continue
        for inner in element.children:
            if inner.tag in KINDS and inner.tag != Kind.VALVE:
                report.warning(
                    inner.place,
                    f"<{inner.tag}> stands inside <group>, where installed Pychron reads only <valve>; move it out",
                    code="group",
                )
            yield from _element(inner, element.text or "group", report)


def _element(element: XmlElement, group: str, report: Report) -> Iterator[Entry]:
    if element.tag not in KINDS and not any(
        c.tag in ("address", "interlock", "actuator") for c in element.children
    ):
        report.error(
            element.place,
            f"<{element.tag}> is no kind of switch and is not read{nearest(element.tag, KINDS)}",
            code="kind",
            value=element.tag,
        )
        return
    entry = Entry(element.tag, " ".join(element.text.split()), element.place, group)
    for name, text in element.attributes.items():
        entry.add(name, Value(text, element.place))
    for child in element.children:
        entry.add(child.tag, Value(child.text, child.place))
        for name in child.attributes:
            report.warning(
                child.place, f"the attribute {name} of <{child.tag}> is not read", code="attribute"
            )
        for inner in child.children:
            key = f"{child.tag}.{inner.tag}"
            if key == "state_device.address":
                report.warning(
                    inner.place,
                    "<address> inside <state_device> is not read by installed Pychron; "
                    f"write <state_address>{inner.text}</state_address> beside it",
                    code="state_address",
                )
            entry.add(key, Value(inner.text, inner.place))
    yield entry


def _from_table(item: object, report: Report) -> Entry | None:
    if not isinstance(item, YamlTable):
        assert isinstance(item, YamlText | YamlList)
        report.error(item.place, "is no switch; write {name: A, address: 101}", code="yaml")
        return None
    found = leaves(item)
    kind = found.pop("kind", [Value("", item.place)])[0].text.strip().casefold() or str(Kind.VALVE)
    name = found.pop("name", [Value("", item.place)])
    if len(name) > 1:
        report.error(name[1].place, "name is a list; write one name", code="name")
    entry = Entry(kind, " ".join(name[0].text.split()), item.place)
    for key, values in found.items():
        entry.add(key, *values)
    return entry
