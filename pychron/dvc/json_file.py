"""JSON of a repository, read so that nothing doubtful passes for a number. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

from pychron.config.problems import Place
from pychron.dvc.errors import CorruptFile


def parse(data: bytes, name: str) -> Any:
    """The document in `data`. Raises CorruptFile with line and column; NaN and Infinity stay, see `number`."""
    try:
        return json.loads(data)
    except json.JSONDecodeError as problem:
        raise CorruptFile(
            Place(name, problem.lineno),
            f"it is no JSON (column {problem.colno}: {problem.msg}); restore it from the repository's history",
        ) from None
    except (UnicodeDecodeError, RecursionError) as problem:
        raise CorruptFile(
            Place(name), f"it is no JSON ({problem}); restore it from the repository's history"
        ) from None


def mapping(value: Any, name: str, what: str = "the file") -> dict[str, Any]:
    """`value` where it is a mapping. Raises CorruptFile."""
    if not isinstance(value, dict):
        raise CorruptFile(Place(name), f"{what} must be a mapping, it is {_kind(value)}")
    return value


def listing(value: Any, name: str, what: str = "the file") -> list[Any]:
    """`value` where it is a list. Raises CorruptFile."""
    if not isinstance(value, list):
        raise CorruptFile(Place(name), f"{what} must be a list, it is {_kind(value)}")
    return value


def number(value: Any, name: str, what: str) -> float:
    """`value` as a finite float. Raises CorruptFile: NaN, text and null are no numbers."""
    if type(value) is float and -math.inf < value < math.inf:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CorruptFile(Place(name), f"{what} must be a number, it is {_kind(value)}")
    return float(value)


def pair(value: Any, name: str, what: str) -> tuple[float, float]:
    """`[value, error]`. Raises CorruptFile."""
    both = listing(value, name, what)
    if len(both) != 2:
        raise CorruptFile(Place(name), f"{what} must be [value, error], it has {len(both)} items")
    return number(both[0], name, what), number(both[1], name, f"the error of {what}")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return repr(value)[:40]
