"""dashboard.yaml as entries: a mapping with `devices`, or a bare list of devices. Pure.

Installed files hold conditionals as pairs `[10, {teststr: "x>30", nfail: 2}]`; a mapping with a `level`, and a mapping
of levels (`{warning: {teststr: "x>30"}}`), are read too.
"""

from __future__ import annotations

from pychron.config.fields import Value
from pychron.config.problems import Place, Report
from pychron.config.yaml_file import YamlList, YamlNode, YamlTable, YamlText, leaves
from pychron.dashboard.entries import ConditionEntry, DeviceEntry, FileEntry, Table, ValueEntry

LEVEL_KEYS = ("level", "severity")
TEST_KEYS = ("teststr", "test")
_PAIR = 'write a pair such as [10, {teststr: "x>30", nfail: 2}], with 10 or warning, 20 or critical'


def read_entries(node: YamlNode, report: Report) -> FileEntry:
    """Every device of the document. What has no shape that is known is an error in the report."""
    place = Place(node.place.file)
    if isinstance(node, YamlList):
        return FileEntry(place, _devices(node, report))
    if not isinstance(node, YamlTable):
        report.error(node.place, "write devices: and a list below it, or a list of devices", code="top_level")
        return FileEntry(place, ())
    devices = node.entries.get("devices")
    if devices is None:
        report.error(node.place, "there is no devices: with a list below it", code="devices")
        return FileEntry(place, (), _plain(node))
    return FileEntry(place, _devices(devices, report), _plain(node, "devices"))


def _plain(table: YamlTable, *without: str) -> Table:
    kept = {key: node for key, node in table.entries.items() if key not in without}
    return leaves(YamlTable(kept, table.places, table.place))


def _tables(node: YamlNode, what: str, report: Report) -> list[YamlTable]:
    if not isinstance(node, YamlList):
        report.error(node.place, f"{what}: write a list, each item after a hyphen", code=what)
        return []
    found = []
    for item in node.items:
        if isinstance(item, YamlTable):
            found.append(item)
        else:
            report.error(item.place, f"{what}: write keys such as name: here", code=what)
    return found


def _devices(node: YamlNode, report: Report) -> tuple[DeviceEntry, ...]:
    found = []
    for table in _tables(node, "devices", report):
        values = table.entries.get("values")
        entries = _values(values, report) if values is not None else ()
        found.append(DeviceEntry(_plain(table, "values"), entries, table.place))
    return tuple(found)


def _values(node: YamlNode, report: Report) -> tuple[ValueEntry, ...]:
    found = []
    for table in _tables(node, "values", report):
        conditionals = table.entries.get("conditionals")
        conditions = _conditions(conditionals, report) if conditionals is not None else ()
        found.append(ValueEntry(_plain(table, "conditionals"), conditions, table.place))
    return tuple(found)


def _conditions(node: YamlNode, report: Report) -> tuple[ConditionEntry, ...]:
    if isinstance(node, YamlText) and not node.text:
        return ()
    if isinstance(node, YamlTable):
        return _one_table(node, report)
    if not isinstance(node, YamlList):
        report.error(node.place, f"conditionals: {_PAIR}", code="conditionals")
        return ()
    found: list[ConditionEntry] = []
    for item in node.items:
        if isinstance(item, YamlTable):
            found.extend(_one_table(item, report))
        elif isinstance(item, YamlList) and len(item.items) == 2:
            found.extend(_pair(*item.items, report))
        else:
            report.error(item.place, f"conditionals: {_PAIR}", code="conditionals")
    return tuple(found)


def _pair(level: YamlNode, body: YamlNode, report: Report) -> list[ConditionEntry]:
    if isinstance(level, YamlText) and isinstance(body, YamlTable):
        return [_entry(Value(level.text, level.place), body)]
    report.error(level.place, f"conditionals: {_PAIR}", code="conditionals")
    return []


def _one_table(table: YamlTable, report: Report) -> tuple[ConditionEntry, ...]:
    """`{level: warning, teststr: ...}`, or one or more of `{warning: {teststr: ...}}` and `{warning: "x>30"}`."""
    for key in LEVEL_KEYS:
        level = table.entries.get(key)
        if isinstance(level, YamlText):
            return (_entry(Value(level.text, level.place), table),)
    if any(key in table.entries for key in TEST_KEYS):
        return (_entry(Value("", table.place), table),)
    found = []
    for key, node in table.entries.items():
        place = table.places[key]
        if isinstance(node, YamlTable):
            found.append(_entry(Value(key, place), node))
        elif isinstance(node, YamlText):
            test = [Value(node.text, node.place)]
            found.append(ConditionEntry(Value(key, place), {"teststr": test}, place))
        else:
            report.error(node.place, f"conditionals: {_PAIR}", code="conditionals")
    return tuple(found)


def _entry(level: Value, table: YamlTable) -> ConditionEntry:
    return ConditionEntry(level, _plain(table, *LEVEL_KEYS), table.place)
