"""The pychron command as a process: what it imports, what it prints, and what the far end sees of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zmq

from pychron.broadcast.frames import Message, write_message

PYCHRON = (sys.executable, "-m", "pychron.cli.main")
HEAVY = (
    "twisted",
    "zmq",
    "rich",
    "lxml",
    "yaml",
    "pydantic",
    "sqlite3",
    "pychron.node",
    "pychron.extraction_line",
)


def pychron(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [*PYCHRON, *(str(word) for word in words)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, **environment}
    )


class Listener:
    """One connection on loopback, handled by a thread."""

    def __init__(self, handle: Callable[[socket.socket], object]) -> None:
        self.seen: list[object] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(30)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, args=(handle,))

    def __enter__(self) -> Listener:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(30)
        self._socket.close()

    def _serve(self, handle: Callable[[socket.socket], object]) -> None:
        link, _ = self._socket.accept()
        link.settimeout(30)
        with link:
            self.seen.append(handle(link))


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pychron.cli.main import main; main(['--help'], standalone_mode=False); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("[]\n"), done.stdout + done.stderr


def test_call_imports_nothing_of_the_node() -> None:
    code = (
        "import sys; from pychron.cli.main import main\n"
        "try: main(['call', '127.0.0.1:1', 'Open A'])\n"
        "except SystemExit: print([n for n in ('twisted', 'zmq', 'pychron.node', 'lxml') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stdout + done.stderr


def test_a_reply_over_tcp() -> None:
    def reply(link: socket.socket) -> object:
        asked = json.loads(link.recv(65536))
        link.sendall(json.dumps({"id": asked["id"], "result": "ok"}).encode()[:9])
        link.sendall(json.dumps({"id": asked["id"], "result": "ok"}).encode()[9:] + b"\r\n")
        return asked["command"]

    with Listener(reply) as node:
        done = pychron("call", node.address, "Close A")
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")
    assert node.seen == ["Close"]


def test_who_gives_up_aborts_the_connection() -> None:
    """A node that looks at the TCP state just before it drives sees that nobody waits."""

    def say_nothing(link: socket.socket) -> object:
        link.recv(65536)
        try:
            return link.recv(1)
        except ConnectionResetError:
            return "reset"

    with Listener(say_nothing) as node:
        done = pychron("call", node.address, "Open A", "--timeout", "0.3")
    assert done.returncode == 3
    assert "no reply within 0.3 s; what was asked may have happened" in done.stderr
    assert node.seen == ["reset"]


def _hears_interrupts() -> None:
    """What a shell starts in the background is deaf to them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_who_interrupts_is_told_that_it_may_have_happened() -> None:
    asked = threading.Event()

    def say_nothing(link: socket.socket) -> object:
        link.recv(65536)
        asked.set()
        try:
            return link.recv(1)
        except ConnectionResetError:
            return "reset"

    with Listener(say_nothing) as node:
        command = [*PYCHRON, "call", node.address, "Open A"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_hears_interrupts
        ) as call:
            assert asked.wait(30)
            call.send_signal(signal.SIGINT)
            _, said = call.communicate(timeout=30)
    assert call.returncode == 3
    assert "interrupted before the reply; what was asked may have happened" in said
    assert node.seen == ["reset"]


def test_a_unix_socket(tmp_path: Path) -> None:
    folder = tmp_path / ".appdata" / "pyvalve"
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "node.sock"))
        server.listen()
        server.settimeout(30)
        seen: list[bytes] = []

        def serve() -> None:
            while not any(seen):
                link, _ = server.accept()
                with link:
                    seen.append(link.recv(65536))
                    if seen[-1]:
                        link.sendall(b"OK\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        done = pychron("call", "--root", tmp_path, "--form", "plain", "GetVersion")
        thread.join(30)
    assert (done.returncode, done.stdout, seen) == (0, "OK\n", [b"", b"GetVersion\r\n"])


@pytest.mark.parametrize(
    ("variables", "coloured"), [({"FORCE_COLOR": "1"}, True), ({"NO_COLOR": "1"}, False), ({}, False)]
)
def test_colours(variables: dict[str, str], coloured: bool, tmp_path: Path) -> None:
    done = pychron("check", tmp_path, **{"NO_COLOR": "", "FORCE_COLOR": "", "TERM": "xterm", **variables})
    assert ("\x1b[" in done.stdout) is coloured, done.stdout


def test_watch_hears_a_publisher() -> None:
    message = write_message(
        Message("pyvalve", "b1", 1, 1_798_000_000.5, "switch", {"name": "A", "state": "open"})
    )
    context = zmq.Context()
    publisher = context.socket(zmq.PUB)
    try:
        port = publisher.bind_to_random_port("tcp://127.0.0.1")
        command = [*PYCHRON, "watch", f"127.0.0.1:{port}", "--json", "--count", "1", "--seconds", "30"]
        listener = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            while listener.poll() is None:
                publisher.send(message)
                try:
                    listener.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
            out, err = listener.communicate(timeout=30)
        finally:
            listener.kill()
            listener.wait(10)
    finally:
        publisher.close(0)
        context.term()
    assert (listener.returncode, err) == (0, "")
    assert json.loads(out)["payload"] == {"name": "A", "state": "open"}


def test_watch_that_hears_nothing_says_so() -> None:
    done = pychron("watch", "127.0.0.1:1", "--seconds", "0.3")
    assert done.returncode == 3
    assert "nothing was heard from 127.0.0.1:1" in done.stderr


@pytest.mark.parametrize("words", [("--help",), ("check", "/nowhere")])
def test_output_that_finds_no_room_is_one_line(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*PYCHRON, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "error: the output could not be written: No space left on device\n"
