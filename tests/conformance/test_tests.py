"""Tests that would report success without testing anything, or that wait on a real clock."""

import ast
from collections.abc import Iterator

from tests.conformance.tree import Module, called, dotted, findings, imports, is_below


def _is_unit(module: Module) -> bool:
    return not is_below(module.name, "tests.system", "tests.conformance")


def test_no_async_test_in_a_synchronous_test_case() -> None:
    """trial would report OK without ever running it; so would pytest for a plain function."""

    def look(module: Module) -> Iterator[str]:
        classes = {node.name: node for node in module.tree.body if isinstance(node, ast.ClassDef)}
        for node in module.tree.body:
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield module.at(node, f"{node.name} is never awaited")
        for owner in classes.values():
            if not _waits(owner, classes):
                for inner in owner.body:
                    if isinstance(inner, ast.AsyncFunctionDef) and inner.name.startswith("test_"):
                        yield module.at(inner, f"{owner.name}.{inner.name} is never awaited")

    assert findings("tests", look) == []


def _waits(owner: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> bool:
    """True below trial's asynchronous TestCase, or a class of another file that is named after it or after a Case."""
    for base in owner.bases:
        name = dotted(base).rpartition(".")[2]
        if name in classes:
            if _waits(classes[name], classes):
                return True
        elif name.endswith("Case") and "Synchronous" not in name:
            return True
    return False


def test_no_unit_test_sleeps() -> None:
    def look(module: Module) -> Iterator[str]:
        if _is_unit(module):
            for node in ast.walk(module.tree):
                if called(node) in ("time.sleep", "sleep") and (
                    "time.sleep" in dict(_imported(module)) or "." in called(node)
                ):
                    yield module.at(node, "a unit test advances a Clock, it does not sleep")

    assert findings("tests", look) == []


def _imported(module: Module) -> Iterator[tuple[str, None]]:
    yield from ((name, None) for _, name in imports(module))


def test_real_reactors_run_in_system_tests_only() -> None:
    def look(module: Module) -> Iterator[str]:
        if _is_unit(module) and not is_below(module.name, "tests.node"):
            for node, name in imports(module):
                if is_below(name, "twisted.internet.reactor", "twisted.trial.unittest.TestCase"):
                    yield module.at(node, f"{name} belongs into tests/system")

    assert findings("tests", look) == []


def test_skips_say_why() -> None:
    def look(module: Module) -> Iterator[str]:
        for node in ast.walk(module.tree):
            name = called(node)
            if name.endswith("xfail"):
                yield module.at(node, "a test that is known to fail is a defect: mend it")
            if name in ("pytest.skip", "pytest.mark.skip", "unittest.SkipTest") and not (
                node.args or node.keywords
            ):
                yield module.at(node, "a skip says why")

    assert findings("tests", look) == []
