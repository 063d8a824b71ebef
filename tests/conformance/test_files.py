"""Files: one subject each, named by it, and without a trace of the machine that they were written on."""

import ast
import re

from tests.conformance.tree import ROOT, Module, findings, links, modules, tracked

LONGEST = 400
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
ROOMLESS = {"conformance", "system", "examples", "bench"}
"""Folders of tests/ that mirror no room."""


def test_no_file_is_longer_than_400_lines() -> None:
    found = [
        f"{m.where}: {m.text.count(chr(10))} lines; split it by subject"
        for folder in ("pychron", "twisted", "tests", "bench", "examples")
        for m in modules(folder)
        if m.text.count("\n") > LONGEST
    ]
    assert found == []


def test_an_init_file_holds_a_docstring_only() -> None:
    def look(module: Module):
        if module.path.name == "__init__.py":
            if not module.doc:
                yield f"{module.where}: says nothing; write what the room is for"
            yield from (
                module.at(node, "an __init__.py holds a docstring only") for node in module.tree.body[1:]
            )

    assert findings("pychron", look) == []


def test_the_folder_of_twisted_plugins_is_no_package() -> None:
    assert not list((ROOT / "twisted").rglob("__init__.py"))


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = [m.where for m in modules("pychron") if VAGUE & set(m.name.split("."))]
    assert found == []


def test_nothing_is_left_unfinished() -> None:
    word = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK|NotImplemented" + r"Error)\b")

    def look(module: Module):
        for number, line in enumerate(module.text.splitlines(), 1):
            if word.search(line):
                yield f"{module.where}:{number}: {line.strip()}"

    assert findings("pychron", look) + findings("tests", look) == []


def test_no_tracked_file_names_a_place_of_one_machine() -> None:
    places = re.compile(r"(^|[^A-Za-z0-9_./~-])/(wo" + r"rk|fa" + r"rm|ro" + r"ot|ho" + r"me)/|/t" + r"mp/")
    found = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
            for number, line in enumerate(text.splitlines(), 1)
            if places.search(line)
        ]
    assert found == []


def test_no_link_is_tracked() -> None:
    assert links() == (), "git rm --cached them"


def test_tests_mirror_the_rooms() -> None:
    rooms = {
        m.name.split(".")[1]
        for m in modules("pychron")
        if m.path.name != "__init__.py" and m.name.count(".") > 1
    }
    folders = {m.path.relative_to(ROOT).parts[1] for m in modules("tests") if m.path.name.startswith("test_")}
    assert sorted(folders - rooms - ROOMLESS) == [], "folders of tests/ that mirror no room"
    assert sorted(rooms - folders) == [], "rooms without tests"


def test_every_test_stands_in_a_file_that_is_collected() -> None:
    def look(module: Module):
        if module.path.name.startswith("test_"):
            return
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield module.at(node, f"{node.name} is never run: the file's name does not begin with test_")

    assert findings("tests", look) == []
