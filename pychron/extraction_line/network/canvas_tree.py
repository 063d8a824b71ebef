"""canvas.xml and canvas.yaml as one tree of elements, each with its line. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pychron.config.problems import Report
from pychron.config.xml_file import XmlElement, read_xml
from pychron.config.yaml_file import YamlList, YamlNode, YamlTable, YamlText, read_yaml

_PAIRS = {"translation": ("x", "y"), "dimension": ("w", "h"), "offset": ("x", "y"), "scale": ("x", "y")}


def read_tree(path: Path, report: Report) -> XmlElement | None:
    """The root element, whichever format it is, or None. What is wrong is in `report`."""
    if path.suffix.lower() == ".xml":
        return read_xml(path, report)
    node = read_yaml(path, report)
    if node is None:
        return None
    if not isinstance(node, YamlTable):
        report.warning(
            node.place, "is no table of lists; write `valve: [{name: A, translation: '5,0'}]`", code="canvas"
        )
        return None
    children: list[XmlElement] = []
    for tag, entries in node.entries.items():
        for item in entries.items if isinstance(entries, YamlList) else (entries,):
            if isinstance(item, YamlTable):
                children.append(_element(tag, item))
            elif not isinstance(item, YamlText) or item.text:
                report.warning(
                    item.place, f"{tag} is no list of tables; write `{tag}: [{{name: A}}]`", code="canvas"
                )
    return XmlElement("root", "", {}, tuple(children), node.place)


def _element(tag: str, table: YamlTable) -> XmlElement:
    name = table.entries.get("name", table.entries.get("text"))
    children = [
        c for key, node in table.entries.items() if key not in ("name", "text") for c in _children(key, node)
    ]
    attributes = {
        key: node.text
        for key, node in table.entries.items()
        if isinstance(node, YamlText) and key not in ("name", "text")
    }
    text = name.text if isinstance(name, YamlText) else ""
    return XmlElement(tag, text, attributes, tuple(children), table.place)


def _children(key: str, node: YamlNode) -> Iterable[XmlElement]:
    """One key of a thing. A point may be written `'1,2'`, `[1, 2]` or `{x: 1, y: 2}`."""
    if isinstance(node, YamlText):
        yield XmlElement(key, node.text, {}, (), node.place)
        return
    pair = _PAIRS.get(key)
    if pair is None and isinstance(node, YamlList):
        for item in node.items:
            yield from _children(key, item)
        return
    if pair is None and isinstance(node, YamlTable):
        element = _element(key, node)
        offset = next(iter(element.all("offset")), None)
        if offset is not None:
            element = XmlElement(key, element.text, {"offset": offset.text}, element.children, element.place)
        yield element
        return
    if isinstance(node, YamlList):
        parts = [item.text for item in node.items if isinstance(item, YamlText)]
    else:
        assert isinstance(node, YamlTable) and pair is not None
        found = [node.entries.get(k) for k in pair]
        parts = [item.text for item in found if isinstance(item, YamlText)]
    yield XmlElement(key, ",".join(parts), {}, (), node.place)
