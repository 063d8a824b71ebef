"""A script as it runs in its process: compiled, its namespace filled with commands, its errors with their lines.

Standard library and this room's pure modules only: it runs in the child, where neither Twisted nor the node's
files are. Every command becomes one line to the node and waits for one line back.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import CodeType, FrameType, TracebackType
from typing import Any, Protocol

from pychron.scripting import context, names, protocol, reached, script_errors
from pychron.scripting.script_errors import Cancelled, GosubError, IntervalError, MainError, ScriptError

TEXT_MAX = 4000
KLASSES = ("ExtractionLinePyScript", "ValvePyScript", "PyScript")


class Channel(Protocol):
    """The way to the node."""

    def ask(self, line: bytes) -> bytes: ...


class Running:
    """One run: the script, those that it calls, and its talk with the node."""

    def __init__(self, channel: Channel, start: Mapping[str, Any]) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._n = 0
        self.busy = False
        """True while a reply is awaited: an interrupt then has nothing to break."""
        self.start = start
        self.testing: bool = start["testing"]
        self.scripts = PurePosixPath(start["scripts"])
        self.sources: dict[str, list[str]] = {}
        self.tracer = reached.Tracer() if self.testing else None
        self.unknown: list[tuple[str, str, int]] = []

    # -- talk -----------------------------------------------------------------------------------------------

    def ask(self, do: str, args: Mapping[str, Any]) -> Any:
        """One command. Returns the node's value or raises what it says."""
        if os.getpid() != self._process:
            raise ScriptError(
                f"{do}(): commands work in the script's own process only, not in one that it forked"
            )
        file, line = self._where()
        with self._lock:
            self._n += 1
            message = {"n": self._n, "do": do, "args": args, "at": [file, line]}
            try:
                data = protocol.encode(message)
            except protocol.ProtocolError as error:
                raise ScriptError(f"{do}(): {error.why}") from None
            self.busy = True
            try:
                reply = protocol.parse_reply(self._channel.ask(data))
            finally:
                self.busy = False
        if reply.kind:
            raise script_errors.by_kind(reply.kind, reply.text)
        return reply.value

    def info(self, text: object) -> None:
        self.ask("info", {"message": str(text)[:TEXT_MAX]})

    def _where(self) -> tuple[str, int]:
        """The innermost line of a script on the stack."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename in self.sources:
                return frame.f_code.co_filename, frame.f_lineno
            frame = frame.f_back
        return "", 0

    # -- run ------------------------------------------------------------------------------------------------

    def run(self) -> dict[str, Any]:
        """The whole script. Returns the end message; what the script raises is in it."""
        remove = self.tracer.install() if self.tracer else None
        try:
            try:
                self._script(
                    self.start["file"], self.start["source"], tuple(self.start["argv"]), self.start["root"]
                )
            finally:
                if remove:
                    remove()
        except Cancelled as error:
            end = self._failure("cancelled", error)
        except SystemExit as error:
            end = self._failure("failed", error) if error.code not in (None, 0) else {"end": "completed"}
        except BaseException as error:
            end = self._failure("failed", error)
        else:
            end = {"end": "completed"}
        if self.tracer:
            end["unknown"] = [list(row) for row in self.unknown[:200]]
            end["not_reached"] = [list(row) for row in self.tracer.not_reached()[:500]]
        return end

    def _script(self, file: str, source: str | None, argv: tuple[Any, ...], root: str) -> None:
        path = PurePosixPath(file)
        shown = str(path.relative_to(self.scripts)) if path.is_relative_to(self.scripts) else path.name
        if source is None:
            source = Path(file).read_text(encoding="utf-8-sig", errors="replace")
        self.sources[shown] = source.splitlines()
        code = compile(source, shown, "exec", dont_inherit=True)
        one = OneScript(self, path, PurePosixPath(root))
        if self.tracer:
            self.tracer.add(code)
            known = {*one.namespace, *dir(builtins), "__name__", "__file__", "__doc__", "__annotations__"}
            self.unknown += [(name, shown, line) for name, line in reached.undefined(code, known)]
        one.execute(code, argv, shown)

    def gosub(self, caller: OneScript, name: str, root: str | None, klass: object, argv: Any) -> None:
        """Run another script to its end. Raises GosubError where it is not found."""
        if klass is not None and getattr(klass, "__name__", klass) not in KLASSES:
            raise GosubError(f"gosub({name!r}): no such class of scripts: {klass!r}")
        level = caller.folder if root is None else self.scripts / root
        found = names.find_gosub(str(name), level, self.scripts, _is_file, _folders)
        self._script(str(found), None, tuple(argv) if argv is not None else (), str(found.parent))

    # -- errors ---------------------------------------------------------------------------------------------

    def _failure(self, end: str, error: BaseException) -> dict[str, Any]:
        kind = type(error).__name__
        if isinstance(error, SyntaxError):
            file, line = error.filename or "", error.lineno or 0
            text = error.msg
        else:
            file, line = self._innermost(error.__traceback__)
            text = str(error)
        source = self._line(file, line)
        hint = script_errors.python_2_hint(kind, text, source)
        text = (f"{text} ({hint})" if hint else text)[:TEXT_MAX]
        return {"end": end, "kind": kind, "text": text, "at": [file, line], "source": source[:400]}

    def _innermost(self, traceback: TracebackType | None) -> tuple[str, int]:
        file, line = "", 0
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename in self.sources:
                file, line = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno or 0
            traceback = traceback.tb_next
        return file, line

    def _line(self, file: str, line: int) -> str:
        lines = self.sources.get(file, [])
        return lines[line - 1].strip() if 0 < line <= len(lines) else ""


class OneScript:
    """One file's namespace and its intervals."""

    def __init__(self, run: Running, path: PurePosixPath, folder: PurePosixPath) -> None:
        self.run = run
        self.folder = folder
        self._intervals: list[tuple[int, str, int]] = []
        values = context.complete(run.start["context"], run.testing)
        self.namespace: dict[str, Any] = {
            "__name__": "pyscript",
            "__file__": str(path),
            "__builtins__": builtins,
            "ex": context.Ex(values),
            **script_errors.KINDS,
            **values,
        }
        for name, parameters in run.start["commands"]:
            self.namespace[name] = self._command(name, parameters)
        self.namespace.update(
            gosub=self._gosub,
            begin_interval=self._begin_interval,
            complete_interval=self._complete_interval,
            interval=self._interval,
            safe_while=self._safe_while,
            info=run.info,
            print=self._print,
        )

    def execute(self, code: CodeType, argv: tuple[Any, ...], shown: str) -> None:
        """Module-level code, then main(*argv)."""
        exec(code, self.namespace)  # noqa: S102 - a script is the lab's own Python
        main = self.namespace.get("main")
        if not callable(main):
            raise MainError(f"{shown} has no function main(): write `def main():` around what it does")
        main(*argv)
        for number, file, line in self._intervals:
            self.run.ask("unmatched_interval", {"id": number, "file": file, "line": line})

    def _command(self, name: str, parameters: list[list[Any]]) -> Callable[..., Any]:
        def command(*given: Any, **named: Any) -> Any:
            return self.run.ask(name, bind(name, parameters, given, named))

        command.__name__ = command.__qualname__ = name
        return command

    def _gosub(self, name: Any = None, root: Any = None, klass: Any = None, argv: Any = None) -> None:
        """Run another script with the same context; `argv` goes to its main()."""
        if not name:
            raise GosubError("gosub() takes the name of a script")
        self.run.gosub(self, name, root, klass, argv)

    def _begin_interval(self, duration: Any = 0, name: Any = None) -> None:
        """Start a timer and go on."""
        number = self.run.ask("begin_interval", {"duration": duration, "name": name or ""})
        self._intervals.append((number, *self.run._where()))

    def _complete_interval(self) -> None:
        """Wait for the end of the most recent interval of this script."""
        if not self._intervals:
            raise IntervalError("complete_interval(): no begin_interval() of this script is left to complete")
        number = self._intervals.pop()[0]
        self.run.ask("complete_interval", {"id": number})

    @contextlib.contextmanager
    def _interval(self, duration: Any = 0, name: Any = None) -> Iterator[None]:
        """begin_interval on enter, complete_interval on exit."""
        self._begin_interval(duration, name)
        try:
            yield
        except BaseException:
            if self._intervals:
                self._intervals.pop()
            raise
        self._complete_interval()

    def _safe_while(self, function: Callable[[], Any], timeout: float = 60, period: float = 1) -> bool:
        """Call `function` each `period` seconds until it is true (-> True) or `timeout` seconds have gone (-> False)."""
        if not period > 0:
            raise ScriptError(f"safe_while(): a period of {period!r} s")
        began = self.run.ask("now", {})
        while not function():
            if self.run.ask("now", {}) - began + period > timeout:
                return False
            self.run.ask("sleep", {"duration": period, "message": ""})
        return True

    def _print(
        self,
        *parts: Any,
        sep: str | None = " ",
        end: str | None = "\n",
        file: Any = None,
        flush: bool = False,
    ) -> None:
        """print() goes where info() goes; with `file` it prints there."""
        if file is not None:
            builtins.print(*parts, sep=sep, end=end, file=file, flush=flush)
        else:
            self.run.info((" " if sep is None else sep).join(str(part) for part in parts))


def bind(
    name: str, parameters: list[list[Any]], given: tuple[Any, ...], named: Mapping[str, Any]
) -> dict[str, Any]:
    """Arguments by name, defaults filled in. `parameters` are [name] or [name, default]. Raises ScriptError."""
    known = [each[0] for each in parameters]
    if len(given) > len(known):
        raise ScriptError(f"{name}() takes at most {len(known)} arguments, {len(given)} were given")
    values: dict[str, Any] = dict(zip(known, given, strict=False))
    for key, value in named.items():
        if key not in known:
            raise ScriptError(f"{name}() has no argument {key!r}; it takes {', '.join(known) or 'none'}")
        if key in values:
            raise ScriptError(f"{name}() got {key!r} twice")
        values[key] = value
    for parameter in parameters:
        if parameter[0] not in values:
            if len(parameter) == 1:
                raise ScriptError(f"{name}() needs its argument {parameter[0]!r}")
            values[parameter[0]] = parameter[1]
    return values


def _is_file(path: PurePosixPath) -> bool:
    return Path(path).is_file()


def _folders(path: PurePosixPath) -> list[str]:
    try:
        return [
            each.name
            for each in Path(path).iterdir()
            if each.is_dir() and not each.name.startswith((".", "__"))
        ]
    except OSError:
        return []
