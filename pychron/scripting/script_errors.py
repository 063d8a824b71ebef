"""What is raised inside a script. The names stand in every script's namespace, to be caught by name. Pure."""

from __future__ import annotations


class Cancelled(BaseException):
    """The script was cancelled. No `except Exception` holds it, and it comes again at each later command that
    opens, heats, moves or waits; close, lock, disable, end_extract and release still work for a while."""


class ScriptError(Exception):
    """A command was used wrongly, or the node refused it."""


class Unknown(ScriptError):
    """The state of a switch is unknown, or it is moving: neither open nor closed can be said."""


class MainError(ScriptError):
    """The script has no function `main`."""


class GosubError(ScriptError):
    """The script that gosub names was not found, or its name leaves the scripts folder."""


class IntervalError(ScriptError):
    """complete_interval without a begin_interval of the same script, or the other way round."""


class LimitReached(ScriptError):
    """The script used more than its share of CPU time."""


class LineError(ScriptError):
    """The extraction line refused or failed. Its kinds have the names that the line itself uses."""


LINE_KINDS = (
    "UnknownSwitch",
    "OutOfService",
    "Disabled",
    "NotOwner",
    "Interlocked",
    "Held",
    "NotPermitted",
    "Locked",
    "Starting",
    "TooLate",
    "Superseded",
    "Stopping",
    "NotStored",
    "NoResponse",
    "Mismatch",
    "NotConfirmed",
    "ChildFailed",
    "PeerLost",
)
"""Every subclass of the extraction line's LineError; a test proves the list complete."""

_OURS = (
    Cancelled,
    ScriptError,
    Unknown,
    MainError,
    GosubError,
    IntervalError,
    LimitReached,
    LineError,
)
KINDS: dict[str, type[BaseException]] = {cls.__name__: cls for cls in _OURS}
KINDS.update(
    {name: type(name, (LineError,), {"__doc__": f"{name}, as the line says it."}) for name in LINE_KINDS}
)


def by_kind(kind: str, text: str) -> BaseException:
    """The exception that a reply names. A kind that this version does not know is a ScriptError that says it."""
    found = KINDS.get(kind)
    return found(text) if found is not None else ScriptError(f"{kind}: {text}")


_PYTHON_2 = {
    "xrange": "range",
    "raw_input": "an argument of main()",
    "unicode": "str",
    "basestring": "str",
    "long": "int",
    "unichr": "chr",
    "reduce": "functools.reduce",
    "execfile": "gosub()",
}


def python_2_hint(kind: str, text: str, line: str) -> str:
    """What to write instead, where the error looks like Python 2; else an empty text."""
    if kind == "SyntaxError":
        words = line.split()
        if words[:1] == ["print"] or "Missing parentheses in call to 'print'" in text:
            rest = line.strip().removeprefix("print").strip() or "..."
            return f"this is Python 2; write print({rest})"
        if words[:1] == ["except"] and "," in line:
            return "this is Python 2; write `except Error as e:`"
        if words[:1] == ["raise"] and "," in line:
            return "this is Python 2; write `raise Error(text)`"
        if words[:1] == ["exec"]:
            return "this is Python 2; write exec(...)"
    if kind == "NameError":
        for old, new in _PYTHON_2.items():
            if f"'{old}'" in text:
                return f"{old} is Python 2; write {new}"
    return ""
