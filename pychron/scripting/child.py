"""What runs in a script's process: `python -m pychron.scripting.child`.

It is spoken to on stdin and stdout; before a script is read both are moved out of its way: stdout then is the
script's log, stdin is empty. Standard library and this room's pure modules only: no Twisted.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from pychron.scripting import limits, protocol
from pychron.scripting.namespace import Running
from pychron.scripting.script_errors import Cancelled

NODE_GONE = 70
"""Exit status of a script whose node has gone: without it there is nothing that it could do."""


class Pipe:
    """Two descriptors, lines of bytes."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()

    def ask(self, line: bytes) -> bytes:
        self.write(line)
        return self.read()

    def write(self, line: bytes) -> None:
        """One line to the node, all of it; the process ends where nobody reads."""
        rest = memoryview(line + b"\n")
        try:
            while rest:
                rest = rest[os.write(self._writer, rest) :]
        except OSError:
            os._exit(NODE_GONE)

    def read(self) -> bytes:
        """The next line of the node, without its LF; the process ends where there is none."""
        while (end := self._buffer.find(b"\n")) < 0:
            try:
                data = os.read(self._reader, 65_536)
            except OSError:
                data = b""
            if not data:
                os._exit(NODE_GONE)
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line


class InfoStream(io.TextIOBase):
    """sys.stdout of a script: what libraries print goes line by line where info() goes."""

    def __init__(self, run: Running) -> None:
        self._run = run
        self._pending = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        """Pass on each whole line as an `info`."""
        *lines, self._pending = (self._pending + text).split("\n")
        for line in lines:
            self._run.info(line)
        return len(text)


def _take_pipes() -> tuple[int, int]:
    """Move the pipes from 0 and 1, where spawned programs and C libraries would read and write, to descriptors
    that no program inherits."""
    reader, writer = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    return reader, writer


def _end_with_the_node(reader: int) -> None:
    """When the node dies its end of the pipe closes: then this group ends, also if it computes or blocks."""

    def watch() -> None:
        poll = select.poll()
        poll.register(reader, 0)
        poll.poll()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Run the one script that the start message names, and exit."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limits.own_session()
    reader, writer = _take_pipes()
    limits.close_inherited((reader, writer))
    pipe = Pipe(reader, writer)
    start = protocol.parse_start(pipe.read())
    run = Running(pipe, start)
    _end_with_the_node(reader)
    with contextlib.suppress(OSError):
        os.chdir(Path(start["root"]))
    limits.apply(start["limits"])
    sys.stdout = InfoStream(run)
    sys.argv = [start["file"]]

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        if not run.busy:
            raise Cancelled("interrupted while it computed")

    try:
        signal.signal(signal.SIGINT, interrupted)
        end = run.run()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except Cancelled as error:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        end = {"end": "cancelled", "kind": "Cancelled", "text": str(error)}
    try:
        line = protocol.encode(end)
    except protocol.ProtocolError:
        line = protocol.encode({key: end[key] for key in ("end", "kind", "at") if key in end})
    pipe.write(line)
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
