"""The order of a set differs from run to run: two runs of one seed would differ. So none is taken in its own order."""

import ast
from collections.abc import Iterator

from tests.conformance.tree import ROOT, Module, called, findings

SETS = {"set", "frozenset", "Set", "FrozenSet", "AbstractSet"}
ORDER_FREE = {"sorted", "set", "frozenset", "len", "any", "all", "min", "max", "sum"}
IN_ORDER = {"list", "tuple", "enumerate", "iter", "map", "zip", "join", "extend", "dict", "fromkeys"}

EXAMPLE = """
class Owner:
    def __init__(self):
        self.kept: set[int] = set()
        self.names = []

    def show(self, more: frozenset[str]):
        for one in self.kept: ...
        print(list(more), ",".join({"a", "b"}))
        return [x for x in set(self.names) - {1}]

    def fine(self, more: list[str]):
        for one in sorted(self.kept): ...
        return {x for x in self.kept}, any(x for x in self.kept), self.names[:], list(more)
"""


def test_no_set_is_iterated_unsorted() -> None:
    assert findings("pychron", unsorted_sets) == []


def test_the_search_finds_them() -> None:
    found = list(unsorted_sets(Module(ROOT / "x.py", EXAMPLE, ast.parse(EXAMPLE))))
    assert [line.split(":")[1] for line in found] == ["8", "9", "9", "10"]


def unsorted_sets(module: Module) -> Iterator[str]:
    """Loops, comprehensions and conversions that take the elements of a set in its own order."""
    for scope, known in _scopes(module.tree, set()):
        for node in _taken_in_order(scope):
            if _is_set(node, known):
                yield module.at(node, "the order of a set is not the same twice: sort it, or keep a dict")


def _scopes(node: ast.AST, outer: set[str]) -> Iterator[tuple[ast.AST, set[str]]]:
    """Each module, class and function with the names that hold a set in it; attributes belong to their class."""
    attributes = (
        {name for name in _given_a_set(ast.walk(node)) if "." in name}
        if isinstance(node, ast.ClassDef)
        else set()
    )
    known = outer | attributes | {name for name in _given_a_set(_own(node)) if "." not in name}
    yield node, known
    for inner in _own(node, scopes=True):
        yield from _scopes(inner, known - _parameters(inner))


def _own(scope: ast.AST, scopes: bool = False) -> Iterator[ast.AST]:
    """The nodes of a scope without those of scopes inside it; or, instead, the scopes directly inside it."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if scopes:
                yield node
        else:
            if not scopes:
                yield node
            yield from _own(node, scopes)


def _parameters(scope: ast.AST) -> set[str]:
    arguments = getattr(scope, "args", None)
    return {node.arg for node in ast.walk(arguments) if isinstance(node, ast.arg)} if arguments else set()


def _given_a_set(nodes: Iterator[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.arg) and node.annotation is not None and _is_set_type(node.annotation):
            yield node.arg
        elif isinstance(node, ast.AnnAssign) and _is_set_type(node.annotation):
            yield ast.unparse(node.target)
        elif isinstance(node, ast.Assign) and _is_set(node.value, set()):
            yield from (ast.unparse(target) for target in node.targets)


def _is_set_type(node: ast.expr) -> bool:
    head = node.value if isinstance(node, ast.Subscript) else node
    return isinstance(head, ast.Name) and head.id in SETS


def _is_set(node: ast.expr, known: set[str]) -> bool:
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr | ast.Sub | ast.BitXor):
        return _is_set(node.left, known) or _is_set(node.right, known)
    if isinstance(node, ast.Call):
        return called(node) in ("set", "frozenset")
    return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in known


def _taken_in_order(scope: ast.AST) -> Iterator[ast.expr]:
    fine = set()
    for node in _own(scope):
        if isinstance(node, ast.Call) and called(node) in ORDER_FREE:
            fine.update(id(argument) for argument in node.args)
    for node in _own(scope):
        if isinstance(node, ast.For | ast.AsyncFor):
            yield node.iter
        elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp) and id(node) not in fine:
            yield from (part.iter for part in node.generators)
        elif isinstance(node, ast.Call) and called(node).rpartition(".")[2] in IN_ORDER:
            yield from (argument for argument in node.args if id(node) not in fine)
        elif isinstance(node, ast.Starred):
            yield node.value
