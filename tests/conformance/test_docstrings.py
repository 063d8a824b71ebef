"""What is public says what it is for."""

import ast
from collections.abc import Iterator

from tests.conformance.tree import Module, called, dotted, findings

PLAIN = 3
"""A public method of at most so many statements, or an attribute that is computed, may speak by its name."""


def test_every_module_class_and_function_has_a_docstring() -> None:
    assert findings("pychron", undocumented) == []


def undocumented(module: Module) -> Iterator[str]:
    """Public modules, classes, module-level functions and methods of public classes without a docstring."""
    if not module.doc:
        yield f"{module.where}:1: the module says nothing about itself"
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _public(node.name):
            if not ast.get_docstring(node):
                yield module.at(node, f"{node.name} has no docstring")
        elif isinstance(node, ast.ClassDef) and _public(node.name):
            if not ast.get_docstring(node) and not _says_itself(node):
                yield module.at(node, f"class {node.name} has no docstring")
            yield from _methods(module, node)


def _methods(module: Module, owner: ast.ClassDef) -> Iterator[str]:
    promised = any(called(d).rpartition(".")[2] == "implementer" for d in owner.decorator_list)
    for node in owner.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not _public(node.name):
            continue
        if ast.get_docstring(node) or promised or _overrides_twisted(node, owner) or _short(node):
            continue
        yield module.at(node, f"{owner.name}.{node.name} has no docstring")


def _public(name: str) -> bool:
    return not name.startswith("_")


def _overrides_twisted(node: ast.AST, owner: ast.ClassDef) -> bool:
    """camelCase is written only where Twisted is overridden; `run`, `stop` and the like only in its subclasses."""
    return node.name != node.name.lower() or any(
        dotted(b).endswith(("Protocol", "Factory")) for b in owner.bases
    )


def _short(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return sum(isinstance(n, ast.stmt) for n in ast.walk(node)) - 1 <= PLAIN


def _says_itself(node: ast.ClassDef) -> bool:
    """An enumeration, whose members are all there is to say."""
    return any(dotted(base).endswith(("Enum", "Flag")) for base in node.bases)
