"""The reference pages hold what the code reads and says: keys of files, kinds of broadcasts and refusals, options."""

import ast
from collections.abc import Iterator

import click

from pychron.cli.main import COMMANDS, main
from pychron.extraction_line.fault_table import CODES
from pychron.extraction_line.parking.park_file import DEFAULTS, STEPS
from pychron.node.options import NodeOptions
from tests.conformance.tree import ROOT, Module, called, findings

REFERENCE = ROOT / "docs" / "reference"
GETTERS = {
    "text",
    "texts",
    "flag",
    "seconds",
    "number",
    "integer",
    "choice",
    "port",
    "host",
    "ticks",
    "_others",
}
"""Methods and functions that take a key of a file first, or second after the fields."""
HOLDERS = {"fields", "link", "general", "setting", "initialization", "period", "_holder", "_fields"}


def page(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def _holder(call: ast.Call) -> str:
    """`fields` of `fields.text("a")` and of `self.fields.text("a")`; `_holder` of `_holder(link).text("a")`."""
    value = call.func.value if isinstance(call.func, ast.Attribute) else None
    return (
        called(value).rpartition(".")[2]
        if isinstance(value, ast.Call)
        else ast.unparse(value or call).rpartition(".")[2]
    )


def _keys(module: Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        getter = called(node).rpartition(".")[2]
        if getter not in GETTERS or not (_holder(node) in HOLDERS or getter in ("ticks", "_others")):
            continue
        words = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if words:
            yield node, words[0].rpartition(".")[2]
        elif not node.args and getter in ("host", "port"):
            yield node, getter


def test_every_key_that_is_read_stands_in_the_reference() -> None:
    text = page("configuration-files.md")

    def look(module: Module) -> Iterator[str]:
        for node, key in _keys(module):
            if not any(
                form in text
                for form in (f"`{key}`", f"{{{key},", f", {key},", f", {key}}}", f"{{{key}: ", f", {key}: ")
            ):
                yield module.at(node, f"the key {key} is missing in docs/reference/configuration-files.md")

    assert findings("pychron", look) == []


def test_the_search_for_keys_finds_them() -> None:
    found: list[str] = []

    def look(module: Module) -> Iterator[str]:
        found.extend(key for _, key in _keys(module))
        yield from ()

    findings("pychron", look)
    expected = {"settling_time", "interlock", "quiet_s", "publish_port", "accept_simulated", "owner_freq"}
    assert expected | {"baudrate", "invert", "late_s", "communication_simulation"} <= set(found)


def test_every_word_of_park_yaml_stands_in_the_reference() -> None:
    text = page("configuration-files.md")
    assert [word for word in (*DEFAULTS, *STEPS) if f"`{word}`" not in text] == []


def test_every_kind_of_broadcast_stands_in_the_reference() -> None:
    text = page("broadcast.md")

    def look(module: Module) -> Iterator[str]:
        for node in ast.walk(module.tree):
            if called(node).rpartition(".")[2] == "Announcement":
                assert isinstance(node, ast.Call)
                assert isinstance(node.args[0], ast.Constant)
                if f"\n### {node.args[0].value}\n" not in text:
                    yield module.at(node, f"{node.args[0].value} is missing in docs/reference/broadcast.md")

    assert findings("pychron", look) == []


def test_every_kind_of_refusal_stands_in_the_reference() -> None:
    text = page("wire-commands.md")
    rows = [
        f"| {code:03d} | `{kind.__name__}` | {'yes' if kind.retry else 'no'} |"
        for kind, code in CODES.items()
    ]
    assert [row for row in rows if row not in text] == []


def test_every_option_of_a_node_stands_in_the_reference() -> None:
    text = page("command-line.md")
    names = [
        "waive",
        *(str(row[0]) for row in NodeOptions.optParameters),
        *(str(row[0]) for row in NodeOptions.optFlags),
    ]
    assert [name for name in names if f"`--{name}" not in text] == []


def _leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for inner, found in command.commands.items():
            yield from _leaves(f"{name} {inner}", found)
    else:
        yield name, command


def test_every_command_and_its_options_stand_in_the_reference() -> None:
    text = page("command-line.md")
    missing = []
    for name in COMMANDS:
        found = main.get_command(click.Context(main), name)
        assert found is not None
        for whole, command in _leaves(name, found):
            options = [o for p in command.params if isinstance(p, click.Option) for o in p.opts]
            missing += [f"{whole} {o}" for o in options if o.startswith("--") and f"`{o}" not in text]
            if f"`pychron {whole}" not in text:
                missing.append(whole)
            if "Examples:" not in (command.epilog or ""):
                missing.append(f"{whole}: no example in its help")
    assert missing == []
