"""Who may import what, beyond the layers that import-linter proves."""

import re
from configparser import ConfigParser
from fnmatch import fnmatchcase

from tests.conformance.tree import ROOT, Module, findings, imports, is_below, modules

OUTSIDE = ("twisted", "zmq", "txzmq", "serial", "sqlite3", "sqlalchemy", "time")
"""What a pure module never imports."""


def test_only_node_imports_the_reactor() -> None:
    def look(module: Module):
        if not is_below(module.name, "pychron.node"):
            for node, name in imports(module):
                if is_below(name, "twisted.internet.reactor"):
                    yield module.at(
                        node, "only node/ imports the reactor: take a clock or an endpoint as an argument"
                    )

    assert findings("pychron", look) == []


def test_only_broadcast_imports_txzmq() -> None:
    def look(module: Module):
        if not is_below(module.name, "pychron.broadcast"):
            for node, name in imports(module):
                if is_below(name, "txzmq"):
                    yield module.at(node, "only broadcast/ imports txzmq")

    assert findings("pychron", look) == []


def test_a_module_that_says_pure_is_pure_and_stands_in_the_contract() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", "utf-8")
    listed = config["importlinter:contract:pure"]["source_modules"].split()
    patterns = [name.replace(".**", ".*") for name in listed]

    def look(module: Module):
        if not re.search(r"\bPure\b[.:;]", module.doc):
            return
        if not any(fnmatchcase(module.name, pattern) for pattern in patterns):
            yield f"{module.where}: says it is pure but is missing in setup.cfg, [importlinter:contract:pure]"
        for node, name in imports(module):
            if is_below(name, *OUTSIDE):
                yield module.at(node, f"a pure module imports {name}")

    assert findings("pychron", look) == []


def test_the_contract_names_every_room() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", "utf-8")
    words = config["importlinter:contract:layers"]["layers"].replace("|", " ").split()
    built = {word for word in words if not word.startswith("(")}
    faces = [m.path.parent for m in modules("pychron") if m.path.name == "__init__.py"]
    rooms = {face.name for face in faces if face.parent.name == "pychron"}
    assert built == rooms, "a room that is built loses its parentheses in setup.cfg"
