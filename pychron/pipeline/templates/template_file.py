"""Reads a template: each problem with FILE:LINE and the nearest name, none raises.

    required: [DVC]
    nodes:
      - klass: UnknownNode
      - {klass: FindBlanksNode, threshold: 10}
      - klass: FitBlanksNode

A template of installed Pychron is accepted as it is: `use_editor`, `icon` and the like are named once and mean nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from pychron.config.fields import Fields
from pychron.config.problems import Place, Report, nearest
from pychron.config.yaml_file import YamlList, YamlNode, YamlTable, YamlText, parse_yaml, read_yaml, texts
from pychron.pipeline.templates.klasses import BY_NAME, DESKTOP, GROUP, NAMES
from pychron.pipeline.templates.option_kinds import read_option
from pychron.pipeline.templates.template import NodeSpec, Template
from pychron.pipeline.templates.template_settings import Setting, with_settings

DESKTOP_KEYS = ("use_editor", "icon", "skip_configure", "auto_configure", "skip_meaning", "visited", "active")
"""Keys of installed templates that steer dialogs."""
OWN_KEYS = ("klass", "name", "enabled")
TOP = ("required", "nodes", "name", "icon")
DEEPEST = 8
INSTALLED = {
    "ideo": "ideogram",
    "spec": "spectrum",
    "isochron": "inverse_isochron",
    "csvideo": "csv_ideogram",
    "csvspec": "csv_spectrum",
    "csvisochron": "csv_inverse_isochron",
}
"""What installed laboratories call some of the templates, folded."""


def stock_names() -> tuple[str, ...]:
    """Names of the templates that come with the program."""
    found = (item.name for item in files("pychron.pipeline").joinpath("stock").iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml")))


def find_template(word: str, folders: tuple[Path, ...] = ()) -> Path | str | None:
    """A file where `word` is one, or stands in one of the lab's `folders`; else the stock name that it means; else None."""
    for path in (
        Path(word),
        *(folder / name for folder in folders for name in (word, f"{word}.yaml", f"{word}.yml")),
    ):
        if path.is_file():
            return path
    folded = {_folded(name): name for name in stock_names()}
    return folded.get(_folded(word)) or INSTALLED.get(_folded(word))


def _folded(word: str) -> str:
    return word.strip().replace(" ", "").replace("-", "").replace("_", "").casefold()


def read_template(source: Path | str, report: Report, settings: Sequence[Setting] = ()) -> Template | None:
    """A template file, or a stock template by name; None where it cannot be used (the report has an error then)."""
    before = len(report.errors)
    if isinstance(source, Path):
        path, node = source, read_yaml(source, report)
    else:
        path = Path(f"{source}.yaml")
        text = files("pychron.pipeline").joinpath("stock", path.name).read_text("utf-8")
        node = parse_yaml(text, path, report)
    node = with_settings(node, settings, report)
    return template_of(node, path, report) if len(report.errors) == before else None


def template_of(node: YamlNode | None, path: Path, report: Report) -> Template | None:
    """The value of a parsed document."""
    before = len(report.errors)
    if not isinstance(node, YamlTable):
        report.error(
            report.place(path),
            "is no template; write `nodes:` and a list of `- klass: NAME`",
            code="template",
        )
        return None
    for key, place in node.places.items():
        if key not in TOP:
            report.error(place, f"{key} is not a key of a template{nearest(key, TOP)}", code="key", value=key)
    required = tuple(v.text for v in texts(node.entries.get("required", YamlText("", node.place))) if v.text)
    nodes = _nodes(node, report, 0)
    if not nodes and len(report.errors) == before:
        report.error(node.place, "nodes: is empty; write `- klass: UnknownNode` first", code="nodes")
    title = node.entries.get("name")
    name = title.text if isinstance(title, YamlText) and title.text else path.stem
    return Template(name, required, nodes) if len(report.errors) == before else None


def _nodes(table: YamlTable, report: Report, depth: int) -> tuple[NodeSpec, ...]:
    listed = table.entries.get("nodes")
    if listed is None or (isinstance(listed, YamlText) and not listed.text):
        return ()
    if not isinstance(listed, YamlList):
        report.error(listed.place, "nodes: write a list of `- klass: NAME`", code="nodes")
        return ()
    if depth > DEEPEST:
        report.error(listed.place, "NodeGroups are nested too deeply", code="nodes")
        return ()
    found = (_node(item, report, depth) for item in listed.items)
    return tuple(node for node in found if node is not None)


def _node(item: YamlNode, report: Report, depth: int) -> NodeSpec | None:
    if isinstance(item, YamlText) and item.text:
        item = YamlTable({"klass": item}, {"klass": item.place}, item.place)
    if not isinstance(item, YamlTable):
        report.error(item.place, "a node is a table that begins with `klass:`", code="node")
        return None
    values = {key: tuple(texts(node)) for key, node in item.entries.items()}
    fields = Fields(values, item.place, report)
    word = fields.required("klass")
    name, enabled = fields.text("name"), fields.flag("enabled", True)
    if not word:
        return None
    fields.what = word
    if word == GROUP:
        _refuse_unknown(item, (*OWN_KEYS, "nodes"), fields, report)
        return NodeSpec(GROUP, item.place, name, enabled, {}, _nodes(item, report, depth + 1))
    klass = BY_NAME.get(word)
    if klass is None:
        why = DESKTOP.get(word)
        text = (
            f"{word} needs a person at a desktop; {why}"
            if why
            else f"klass {word} is not known{nearest(word, NAMES)}"
        )
        report.error(fields.place_of("klass"), text, code="klass", value=word)
        return None
    _refuse_unknown(item, (*OWN_KEYS, *(o.key for o in klass.options)), fields, report)
    options = {o.key: read_option(o, item.entries.get(o.key), fields, report) for o in klass.options}
    return NodeSpec(word, item.place, name, enabled, options)


def read_options(klass: str, table: YamlNode | None, report: Report, place: Place) -> NodeSpec:
    """The options of one class where another file than a template has them, as `review:` of pipeline.yaml."""
    if table is not None and not isinstance(table, YamlTable):
        if not isinstance(table, YamlText) or table.text:
            report.error(table.place, f"write the options of {klass} here", code=klass)
        table = None
    word = YamlText(klass, place)
    entries = {} if table is None else table.entries
    places = {} if table is None else table.places
    whole = YamlTable(
        {"klass": word, **entries}, {"klass": place, **places}, place if table is None else table.place
    )
    found = _node(whole, report, 0)
    assert found is not None
    return found


def _refuse_unknown(item: YamlTable, known: tuple[str, ...], fields: Fields, report: Report) -> None:
    for key, place in item.places.items():
        if key in DESKTOP_KEYS:
            report.warning(
                place, f"{fields.what}: {key} steers a dialog and means nothing here", code="desktop"
            )
        elif key not in known:
            fields.wrong(key, f"{key} is not an option of {fields.what}{nearest(key, known)}", place, key)
