"""dashboard.xml as entries: names as leading texts with child elements, or all as attributes. Pure.

`<device>Env<name>environmental_monitor</name><value>temperature<func>get_temperature</func>...` of installed files, and
`<device name="Env"><value name="temperature"><threshold warning="30"/></value></device>` of their documentation.
"""

from __future__ import annotations

from collections.abc import Iterator

from pychron.config.fields import Value
from pychron.config.xml_file import XmlElement
from pychron.dashboard.entries import ConditionEntry, DeviceEntry, FileEntry, Table, ValueEntry

LEVELS = ("warn", "warning", "critical")
_VALUE_KEYS = {"func": "func_name", "change_threshold": "threshold", "bind": "bindname"}


def read_entries(root: XmlElement) -> FileEntry:
    """Every `<device>` anywhere, and the first `<port>` and `<host>`."""
    table: Table = {}
    for element in _walk(root):
        if element.tag in ("port", "host") and element.tag not in table:
            table[element.tag] = [_text(element)]
    devices = tuple(_device(e) for e in _walk(root) if e.tag == "device")
    return FileEntry(type(root.place)(root.place.file), devices, table)


def _walk(element: XmlElement) -> Iterator[XmlElement]:
    yield element
    for child in element.children:
        yield from _walk(child)


def _text(element: XmlElement) -> Value:
    return Value(element.text, element.place)


def _attributes(element: XmlElement) -> Table:
    return {key: [Value(text, element.place)] for key, text in element.attributes.items()}


def _device(element: XmlElement) -> DeviceEntry:
    """The leading text is what people see; the child `<name>` is the name in the hardware."""
    table = _attributes(element)
    if element.text:
        table["name"] = [_text(element)]
    for child in element.children:
        if child.tag == "name":
            table.setdefault("device", []).append(_text(child))
        elif child.tag not in ("value", "values"):
            table.setdefault("enabled" if child.tag == "use" else child.tag, []).append(_text(child))
    values = [v for c in element.children if c.tag == "values" for v in c.all("value")]
    values += element.all("value")
    return DeviceEntry(table, tuple(_value(v) for v in values), element.place)


def _value(element: XmlElement) -> ValueEntry:
    table = _attributes(element)
    if element.text:
        table["name"] = [_text(element)]
    conditions: list[ConditionEntry] = []
    for child in element.children:
        if child.tag == "conditionals":
            conditions += [_condition(c) for c in child.children]
        elif child.tag == "threshold" and child.attributes:
            for key, texts in _attributes(child).items():
                table[f"threshold.{key}"] = texts
        else:
            table.setdefault(_VALUE_KEYS.get(child.tag, child.tag), []).append(_text(child))
    return ValueEntry(table, tuple(conditions), element.place)


def _condition(element: XmlElement) -> ConditionEntry:
    table = _attributes(element)
    if element.text:
        table["teststr"] = [_text(element)]
    for child in element.children:
        table.setdefault(child.tag, []).append(_text(child))
    return ConditionEntry(Value(element.tag, element.place), table, element.place)
