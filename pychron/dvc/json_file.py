"""JSON of a repository, read so that nothing doubtful passes for a number. Pure."""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
from typing import Any

from pychron.config.problems import Place
from pychron.dvc.errors import CorruptFile


def optional(name: str) -> Any:
    """A module that makes reading faster; None on a machine that it is not built for: then the same is read more slowly."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_msgspec: Any = optional("msgspec")
_fast: Any = optional("msgspec.json")


def parse(data: bytes, name: str) -> Any:
    """The document in `data`. Raises CorruptFile with line and column; NaN and Infinity stay, see `number`."""
    if _fast is not None:
        try:
            return _fast.decode(data)
        except ValueError:
            pass  # NaN, or no JSON: the parser below knows one and tells the place of the other
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


def written(document: Any) -> bytes:
    """`document` as compact JSON, dataclasses as mappings; numbers come back to the last bit. Raises TypeError, ValueError."""
    if _fast is not None:
        fast: bytes = _fast.encode(document)
        return fast
    return json.dumps(document, default=_plain, separators=(",", ":")).encode()


def as_is(document: Any) -> Any:
    """Something that `written` puts into its text without looking at it again. Raises TypeError, ValueError."""
    return document if _fast is None else _msgspec.Raw(written(document))


def _plain(value: Any) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}


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


def number(value: Any, name: str, what: str, part: str = "") -> float:
    """`value` as a finite float. Raises CorruptFile: NaN, text and null are no numbers. `what` and `part` name it there."""
    if type(value) is float and -math.inf < value < math.inf:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        what = f"{what} {part}" if part else what
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
