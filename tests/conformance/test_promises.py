"""What the documents promise is what the code has: verbs, wire faults, notes, links, commands."""

import ast
import re
import tomllib
from collections.abc import Iterator

from pychron.rpc.faults import TEXTS
from tests.conformance.tree import ROOT, Module, called, findings, modules

WIRE_COMMANDS = ROOT / "docs" / "reference" / "wire-commands.md"
INSTALLED = {*range(1, 17), *range(101, 109)}
"""The numbers that installed peers know."""


def _verbs(module: Module) -> Iterator[tuple[ast.Call, str]]:
    """`Verb("Open", ...)`, wherever a room registers one."""
    for node in ast.walk(module.tree):
        if called(node).rpartition(".")[2] == "Verb" and node.args and isinstance(node.args[0], ast.Constant):
            yield node, str(node.args[0].value)


def test_every_verb_stands_in_the_reference() -> None:
    text = WIRE_COMMANDS.read_text("utf-8")

    def look(module: Module) -> Iterator[str]:
        for node, verb in _verbs(module):
            if f"`{verb}" not in text:
                yield module.at(node, f"{verb} is missing in docs/reference/wire-commands.md")

    assert findings("pychron", look) == []


def test_the_table_of_wire_faults_is_complete() -> None:
    assert set(TEXTS) == INSTALLED


def test_every_fault_that_is_raised_stands_in_the_table() -> None:
    def look(module: Module) -> Iterator[str]:
        for node in ast.walk(module.tree):
            if (
                called(node).rpartition(".")[2] == "Fault"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                code = node.args[0].value
                if isinstance(code, int) and code not in TEXTS:
                    yield module.at(node, f"no text for wire fault {code}")

    assert findings("pychron", look) == []


def test_every_wire_fault_stands_in_the_reference() -> None:
    text = WIRE_COMMANDS.read_text("utf-8")
    assert [code for code in sorted(TEXTS) if f"| {code:03d} |" not in text] == []


def test_notes_for_the_next_release_have_names_that_towncrier_takes() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    kinds = "|".join(kind["directory"] for kind in config["tool"]["towncrier"]["type"])
    name = re.compile(rf"^(\d+|\+[\w-]+)\.({kinds})(\.\d+)?\.md$")
    notes = [p for p in (ROOT / "newsfragments").iterdir() if p.name not in ("README.md", ".gitignore")]
    assert [p.name for p in notes if not name.match(p.name)] == []
    assert [p.name for p in notes if not p.read_text("utf-8").strip()] == []


def test_every_link_between_documents_leads_somewhere() -> None:
    link = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
    texts = [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))]
    found = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in texts
        for target in link.findall(page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert found == []


def test_every_command_stands_in_the_reference() -> None:
    from pychron.cli.main import COMMANDS

    text = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"`pychron {name}" not in text] == []


def test_the_readme_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert "make demo" in text
    assert "make test" in text


def test_no_verb_is_registered_under_two_names_of_one_spelling() -> None:
    seen: dict[str, str] = {}
    found = []
    for module in modules("pychron"):
        for node, verb in _verbs(module):
            if seen.setdefault(verb.casefold(), verb) != verb:
                found.append(module.at(node, f"{verb} and {seen[verb.casefold()]} differ in case only"))
    assert found == []
