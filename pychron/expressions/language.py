"""The one expression language: comparisons and arithmetic over named values, parsed to a tree of our own. Pure.

`IG1 < 1e-5 and not (Turbo.speed < 900)`. Python's grammar is used to read it and nothing else of Python: what is
not in the table below is refused at parse time, nothing is ever executed.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LONGEST = 1000
"""Characters of an expression."""

Value = float | bool


class ExpressionError(Exception):
    """It cannot be read. `text` says what to write instead."""

    def __init__(self, source: str, text: str) -> None:
        super().__init__(f"{source!r}: {text}")
        self.source = source
        self.text = text


class Missing(Exception):
    """A named value is not there, or is no number: the expression has no answer."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


Node = Callable[[Mapping[str, float]], Value]


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; `names` are the values it needs, in order of appearance."""

    source: str
    names: tuple[str, ...]
    _node: Node

    def holds(self, values: Mapping[str, float]) -> bool:
        """True or false. Raises Missing where a value is absent or not a number; never guesses."""
        return bool(self._node(values))

    def value(self, values: Mapping[str, float]) -> float:
        """Its number. Raises Missing."""
        result = float(self._node(values))
        if math.isnan(result):
            raise Missing(self.source)
        return result


def _divide(a: float, b: float) -> float:
    if b == 0:
        raise Missing("division by zero")
    return a / b


_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: _divide,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}


def parse(source: str) -> Expression:
    """Read an expression. Raises ExpressionError."""
    if len(source) > LONGEST:
        raise ExpressionError(source[:40] + "...", f"longer than {LONGEST} characters")
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise ExpressionError(source, "is no expression; write for example IG1 < 1e-5") from problem
    names: list[str] = []
    try:
        node = _build(tree, source, names)
    except RecursionError as problem:
        raise ExpressionError(source, "is nested too deeply") from problem
    return Expression(source, tuple(names), node)


def _build(tree: ast.expr, source: str, names: list[str]) -> Node:
    match tree:
        case ast.Constant(value=bool() as value):
            return lambda values: value
        case ast.Constant(value=int() | float() as number):
            try:
                constant = float(number)
            except OverflowError as problem:
                raise ExpressionError(source, "has a number that is too large") from problem
            return lambda values: constant
        case ast.Name() | ast.Attribute():
            return _named(_dotted(tree, source), names)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            negated = _build(inner, source, names)
            return lambda values: not negated(values)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            positive = _build(inner, source, names)
            return lambda values: -positive(values)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _build(inner, source, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            operate = _ARITHMETIC[type(op)]
            a, b = _build(left, source, names), _build(right, source, names)
            return lambda values: operate(a(values), b(values))
        case ast.BoolOp(op=op, values=parts):
            built = [_build(part, source, names) for part in parts]
            join = all if isinstance(op, ast.And) else any
            # Every part is asked: a missing value is missing whatever the others say.
            return lambda values: join([bool(part(values)) for part in built])
        case ast.Compare(left=first, ops=ops, comparators=rest) if all(type(o) in _COMPARISONS for o in ops):
            sides = [_build(side, source, names) for side in (first, *rest)]
            tests = [_COMPARISONS[type(o)] for o in ops]
            return lambda values: _chain(tests, [side(values) for side in sides])
    raise ExpressionError(
        source, f"{ast.unparse(tree)} is not allowed; use names, numbers, < <= > >= == and or not"
    )


def _chain(tests: list[Callable[[float, float], bool]], sides: list[Value]) -> bool:
    # A comparison with what is no number is false whichever way it is written, and `not` would make it true.
    if any(math.isnan(side) for side in sides):
        raise Missing("a result that is no number")
    return all(test(a, b) for test, a, b in zip(tests, sides, sides[1:], strict=False))


def _dotted(tree: ast.expr, source: str) -> str:
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Attribute):
        return f"{_dotted(tree.value, source)}.{tree.attr}"
    raise ExpressionError(source, f"{ast.unparse(tree)} is no name")


def _named(name: str, names: list[str]) -> Node:
    if name not in names:
        names.append(name)

    def look(values: Mapping[str, float]) -> Value:
        value = values.get(name)
        if value is None or math.isnan(value):
            raise Missing(name)
        return value

    return look
