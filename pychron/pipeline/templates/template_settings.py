"""Options of a template's nodes from a command line: `NODE.KEY=VALUE`, VALUE as YAML writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pychron.config.problems import Report, nearest
from pychron.config.yaml_file import YamlList, YamlNode, YamlTable, YamlText, parse_yaml

FILE = Path("--set")


@dataclass(frozen=True, slots=True)
class Setting:
    """One option of every node of a class or name."""

    node: str
    key: str
    value: YamlNode


def read_settings(words: Sequence[str], report: Report) -> list[Setting]:
    """Of `FindFluxMonitorsNode.level=B` and the like; what is none is in the report."""
    found = []
    for word in words:
        name, equals, text = word.partition("=")
        node, dot, key = name.strip().rpartition(".")
        if not equals or not dot or not node or not key:
            report.error(
                report.place(FILE), f"{word!r}: write NODE.KEY=VALUE, as FindFluxMonitorsNode.level=B"
            )
            continue
        value = parse_yaml(text, FILE, report) if text.strip() else YamlText("", report.place(FILE))
        if value is not None:
            found.append(Setting(node, key, value))
    return found


def with_settings(document: YamlNode | None, settings: Sequence[Setting], report: Report) -> YamlNode | None:
    """The template's document with the options replaced; a node that is not in it is in the report."""
    if not settings or not isinstance(document, YamlTable):
        return document
    met: dict[str, None] = {}
    used: set[int] = set()
    changed = _table(document, settings, met, used)
    for number, setting in enumerate(settings):
        if number not in used:
            report.error(
                report.place(FILE), f"{setting.node} is no node of this template{nearest(setting.node, met)}"
            )
    return changed


def _table(table: YamlTable, settings: Sequence[Setting], met: dict[str, None], used: set[int]) -> YamlTable:
    nodes = table.entries.get("nodes")
    entries, places = dict(table.entries), dict(table.places)
    if isinstance(nodes, YamlList):
        items = tuple(_node(item, settings, met, used) for item in nodes.items)
        entries["nodes"] = YamlList(items, nodes.place)
    names = [v.text for k in ("klass", "name") if isinstance(v := table.entries.get(k), YamlText) and v.text]
    met.update(dict.fromkeys(names))
    for number, setting in enumerate(settings):
        if setting.node in names:
            used.add(number)
            entries[setting.key] = setting.value
            places[setting.key] = setting.value.place
    return YamlTable(entries, places, table.place)


def _node(item: YamlNode, settings: Sequence[Setting], met: dict[str, None], used: set[int]) -> YamlNode:
    if isinstance(item, YamlText) and item.text:
        item = YamlTable({"klass": item}, {"klass": item.place}, item.place)
    return _table(item, settings, met, used) if isinstance(item, YamlTable) else item
