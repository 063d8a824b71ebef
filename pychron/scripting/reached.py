"""What a dry run learns from a script's code: the lines it can execute, those it did, the names nothing defines. Pure."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterator
from types import CodeType, FrameType
from typing import Any


def codes(code: CodeType) -> Iterator[CodeType]:
    """`code` and all code within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def executable(code: CodeType) -> set[int]:
    """Line numbers that hold something to execute."""
    return {line for each in codes(code) for _, _, line in each.co_lines() if line}


def ranges(wanted: set[int], among: set[int]) -> list[tuple[int, int]]:
    """The lines of `wanted` as (first, last), joined over lines that hold nothing to execute."""
    found: list[tuple[int, int]] = []
    joined = False
    for line in sorted(among):
        if line not in wanted:
            joined = False
            continue
        if joined:
            found[-1] = (found[-1][0], line)
        else:
            found.append((line, line))
        joined = True
    return found


def undefined(code: CodeType, known: Container[str]) -> list[tuple[str, int]]:
    """Names that `code` reads and neither it nor `known` defines, each with its first line. None are listed where
    a `from m import *` hides what is defined."""
    import dis  # only a dry run pays for it

    stored: set[str] = set()
    loaded: dict[str, int] = {}
    for each in codes(code):
        line = each.co_firstlineno
        for step in dis.get_instructions(each):
            line = (step.positions.lineno if step.positions else None) or line
            if step.opname in ("STORE_NAME", "STORE_GLOBAL"):
                stored.add(str(step.argval))
            elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
                loaded[step.argval] = min(line, loaded.get(step.argval, line))
            elif step.opname == "IMPORT_STAR" or (step.opname == "CALL_INTRINSIC_1" and step.arg == 2):
                return []
    return sorted(
        ((n, at) for n, at in loaded.items() if n not in stored and n not in known), key=lambda x: x[1]
    )


class Tracer:
    """Notes the lines executed of the files that it was told of, in the thread that installs it."""

    def __init__(self) -> None:
        self.lines: dict[str, set[int]] = {}
        self.executable: dict[str, set[int]] = {}

    def add(self, code: CodeType) -> None:
        """A script was compiled."""
        self.lines.setdefault(code.co_filename, set())
        self.executable[code.co_filename] = executable(code)

    def install(self) -> Callable[[], None]:
        """Begin; the result ends it."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        return lambda: sys.settrace(before)

    def not_reached(self) -> list[tuple[str, int, int]]:
        """(file, first, last) in the order in which the files were compiled."""
        found: list[tuple[str, int, int]] = []
        for file, all_lines in self.executable.items():
            missing = all_lines - self.lines[file]
            found += [(file, first, last) for first, last in ranges(missing, all_lines)]
        return found

    def _enter(self, frame: FrameType, event: str, _arg: Any) -> Callable[..., Any] | None:
        lines = self.lines.get(frame.f_code.co_filename)
        if lines is None:
            return None

        def local(frame: FrameType, event: str, _arg: Any) -> Callable[..., Any]:
            if event == "line":
                lines.add(frame.f_lineno)
            return local

        return local
