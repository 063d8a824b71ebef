"""Tests that would report success without testing anything, or that wait on a real clock."""

import ast
from collections.abc import Iterator

from tests.conformance.tree import Module, called, dotted, findings, imports, is_below


def _is_unit(module: Module) -> bool:
    return not is_below(module.name, "tests.system", "tests.conformance")


def test_no_async_test_in_a_synchronous_test_case() -> None:
    """trial would report OK without ever running it; so would pytest for a plain function."""

    def look(module: Module) -> Iterator[str]:
        for node in module.tree.body:
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield module.at(node, f"{node.name} is never awaited")
            if isinstance(node, ast.ClassDef) and not any(_waits(base) for base in node.bases):
                for inner in node.body:
                    if isinstance(inner, ast.AsyncFunctionDef) and inner.name.startswith("test_"):
                        yield module.at(inner, f"{node.name}.{inner.name} is never awaited")

    assert findings("tests", look) == []


def _waits(base: ast.expr) -> bool:
    """True for trial's asynchronous TestCase and for classes that end in its name; never for SynchronousTestCase."""
    name = dotted(base).rpartition(".")[2]
    return name.endswith("TestCase") and "Synchronous" not in name


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
