"""`pychron dashboard watch` against sockets that share no code with the server."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import zmq
from click.testing import CliRunner

from pychron.cli.dashboard import line, table
from pychron.cli.main import main
from pychron.cli.output import console
from pychron.dashboard.following import Followed
from pychron.dashboard.wire import Configured

CONFIG = {
    "kind": "config_snapshot",
    "config": {"devices": [{"name": "Env", "values": [{"name": "t", "tag": "<Env,t>", "units": "C"}]}]},
}
UPDATE = b'dashboard {"kind": "value_update", "tag": "<Env,t>", "value": 12.5, "ts": 1.0}'


@contextmanager
def installed_server() -> Iterator[int]:
    """PUB on P, REP on P + 1: answers config_json, knows no snapshot, repeats one value."""
    context = zmq.Context()
    context.setsockopt(zmq.LINGER, 0)
    while True:
        pub, rep = context.socket(zmq.PUB), context.socket(zmq.REP)
        port = pub.bind_to_random_port("tcp://127.0.0.1")
        try:
            rep.bind(f"tcp://127.0.0.1:{port + 1}")
            break
        except zmq.ZMQError:
            pub.close()
            rep.close()
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            if rep.poll(50):
                asked = rep.recv()
                rep.send(json.dumps(CONFIG).encode() if asked == b"config_json" else b"")
            pub.send(UPDATE)
        pub.close()
        rep.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield port
    finally:
        stop.set()
        thread.join()
        context.term()


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["dashboard", "watch", *arguments], env={"NO_COLOR": "1"})
    return result.exit_code, result.stdout, result.stderr


def test_once_as_a_table_and_as_json() -> None:
    with installed_server() as port:
        status, out, _ = run(f"127.0.0.1:{port}", "--once")
        assert status == 0
        assert "Env.t" in out and "12.5" in out and "live" in out
        assert "\x1b" not in out
        status, out, _ = run(f"127.0.0.1:{port}", "--once", "--json")
        told = json.loads(out)
        assert (status, told["name"], told["value"], told["state"]) == (0, "Env.t", 12.5, "live")
        assert told["server"] == f"127.0.0.1:{port}"


def test_a_line_for_each_change_where_nobody_looks() -> None:
    with installed_server() as port:
        status, out, _ = run(f"127.0.0.1:{port}", "--seconds", "1.5")
        assert status == 0
        assert out.splitlines() == ["Env.t                                12.5 C      live"]


def test_nobody_there() -> None:
    with installed_server() as port:
        pass
    status, out, err = run(f"127.0.0.1:{port}", "--seconds", "0.5")
    assert (status, out) == (3, "")
    assert "nothing was heard" in err


def test_a_unix_socket_is_refused() -> None:
    assert run("unix:x")[0] == 2


def test_a_server_cannot_command_the_terminal() -> None:
    followed = Followed("valves:8100", 0.0)
    evil = "t\x1b[2J\x07\r\n"
    followed.configure([Configured("Env", evil, "<Env,t>", evil, None)])
    followed.frame({"kind": "value_update", "tag": "<Env,t>", "value": 3, "ts": 1.0}, 0.5)
    followed.frame({"kind": "error", "tag": "<Env,t>", "message": evil}, 0.6)
    screen = console()
    with screen.capture() as captured:
        screen.print(table(followed, 1.0))
    (view,) = followed.views(1.0)
    for text in (captured.get(), line(view)):
        assert "Env.t?[2J" in text
        assert not set("\x1b\x07\r") & set(text)


@pytest.mark.parametrize(("after_s", "state"), [(1, "live"), (10, "stale"), (60, "lost")])
def test_the_table_says_how_old_it_is(after_s: float, state: str) -> None:
    followed = Followed("valves:8100", 0.0)
    followed.configure([Configured("Env", "t", "<Env,t>", "C", None)])
    followed.frame({"kind": "value_update", "tag": "<Env,t>", "value": 3, "ts": 1.0}, 0.5)
    screen = console()
    with screen.capture() as captured:
        screen.print(table(followed, 0.5 + after_s))
    assert state in captured.get()
    assert f"{after_s} s" in captured.get()
    (view,) = followed.views(0.5 + after_s)
    assert state in line(view)
