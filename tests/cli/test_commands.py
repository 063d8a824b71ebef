"""The commands that ask a node: what they send, what they print, how they end."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pychron.cli.main import COMMANDS, main

HOST = "192.0.2.50"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words, prog_name="pychron")


def test_open(answer) -> None:
    wire = answer({"result": "OK"})
    result = run("call", HOST, "Open A")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "OK\n", "")
    assert wire.requests == [{"command": "Open", "value": "A", "within": 2.0}]


def test_a_refusal_goes_to_stderr_and_ends_with_1(answer) -> None:
    answer({"error": {"code": 15, "text": "Valve A failed to actuate open (interlocked by B)"}})
    result = run("call", HOST, "Open", "A")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "ERROR 015 : Valve A failed to actuate open (interlocked by B)\n"


def test_json_is_the_whole_of_stdout(answer) -> None:
    answer({"error": {"code": 14, "text": "locked"}})
    result = run("call", HOST, "Open A", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"error": {"code": 14, "text": "locked"}}


def test_plain_and_framed(answer) -> None:
    wire = answer(b"False\r\n", b"OK\r\n")
    assert run("call", HOST, "--form", "plain", "GetValveState A").stdout == "False\n"
    assert run("call", HOST, "--form", "framed", "Open A").stdout == "OK\n"
    wire.close()
    assert wire.asked == [b"GetValveState A\r\n", b"{000E}Open A\r\n"]


def test_a_framed_reply_is_read_as_one(answer) -> None:
    """As a node answers a framed request: a refusal is a refusal."""
    answer(b"{000A}OK\r\n", b"{002D}ERROR 005 : ZZ is not a registered valve\r\n")
    assert run("call", HOST, "--form", "framed", "Open A").stdout == "OK\n"
    refused = run("call", HOST, "--form", "framed", "Open ZZ")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "ERROR 005 : ZZ is not a registered valve\n"


@pytest.mark.parametrize("form", ["plain", "framed", "json"])
@pytest.mark.parametrize(
    "text", ["Open A\nOpen B", "Open A\rOpen B", "Open A\0Open B", "Open \udcff", "", "  "]
)
def test_a_request_is_one_line(answer, text, form) -> None:
    wire = answer({"result": "OK"})
    result = run("call", HOST, "--form", form, text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the request is one line of text" in result.stderr
    assert wire.asked == []


def test_nobody_there() -> None:
    result = run("call", "127.0.0.1:1", "Open A", "--timeout", "2")
    assert result.exit_code == 3
    assert result.stderr.startswith("error: 127.0.0.1:1: connection refused;")
    assert result.stderr.count("\n") == 1


def test_no_alert_stands(answer) -> None:
    wire = answer({"result": []})
    result = run("alert", "list", HOST)
    assert (result.exit_code, result.stdout) == (0, "no alert stands\n")
    assert wire.requests[0]["command"] == "Alerts"


@pytest.mark.parametrize("command", [("alert", "list"), ("alert", "test"), ("safe",)])
def test_a_command_without_a_node_says_what_to_name(command) -> None:
    result = run(*command)
    assert result.exit_code == 2
    assert "name a node: HOST:PORT or --root DIR" in result.stderr


def test_why(answer) -> None:
    wire = answer({"result": ["interlocked by B, open: close B"]}, {"result": []})
    result = run("why", HOST, "A")
    assert result.exit_code == 1
    assert result.stdout == "A would not open now:\n  interlocked by B, open: close B\n"
    result = run("why", HOST, "A", "close")
    assert (result.exit_code, result.stdout) == (0, "A: nothing blocks it; it would close now\n")
    assert [r["value"] for r in wire.requests] == ["A,open", "A,close"]


def test_why_of_nonsense() -> None:
    result = run("why", HOST, "A", "shut")
    assert result.exit_code == 2
    assert "open or close, not shut" in result.stderr


def test_safe_shows_each_step(answer) -> None:
    steps = [{"step": "close C", "ok": True, "text": "closed"}, {"step": "wait 2", "ok": True, "text": ""}]
    answer({"result": {"ok": True, "steps": steps}})
    result = run("safe", HOST)
    assert result.exit_code == 0
    assert result.stdout == f"  close C  closed\n  wait 2\n{HOST}:1061: the line is safe\n"


def test_a_refused_step_is_not_safe(answer) -> None:
    answer({"result": {"ok": False, "steps": [{"step": "close A", "ok": False, "text": "A is locked"}]}})
    result = run("safe", HOST)
    assert result.exit_code == 1
    assert result.stdout == "  close A  A is locked\n"
    assert "NOT safe" in result.stderr


def test_nothing_to_do_is_said(answer) -> None:
    answer({"result": {"ok": True, "steps": []}})
    assert "nothing was to be done" in run("safe", HOST).stdout


def test_safe_that_fails_says_so(answer) -> None:
    answer({"error": {"code": 15, "text": "close C refused"}})
    result = run("safe", HOST)
    assert result.exit_code == 1
    assert "NOT safe: close C refused" in result.stderr


def test_confirm_needs_a_reason(answer) -> None:
    assert run("valve", "confirm", HOST, "T", "open").exit_code == 2
    assert run("valve", "confirm", HOST, "T", "open", "--why", " ").exit_code == 2
    wire = answer({"result": True})
    result = run("valve", "confirm", HOST, "T", "closed", "--why", "seen", "--who", "Ada")
    assert (result.exit_code, result.stdout) == (0, "T: closed, declared by Ada\n")
    assert wire.requests == [
        {"command": "Confirm", "value": "T", "state": "closed", "why": "seen", "who": "Ada", "within": 2.0}
    ]


@pytest.mark.parametrize("words", [("T",), ("T", "shut"), ("T", "open", "now")])
def test_confirm_knows_two_states(words: tuple[str, ...]) -> None:
    assert run("valve", "confirm", HOST, *words, "--why", "seen").exit_code == 2


def test_a_root_without_a_node(tmp_path: Path) -> None:
    result = run("call", "--root", str(tmp_path), "GetVersion")
    assert result.exit_code == 3
    assert "no node runs in" in result.stderr


def test_a_misspelt_command_is_guessed() -> None:
    result = run("cal", HOST, "Open A")
    assert result.exit_code == 2
    assert "did you mean call?" in result.stderr


@pytest.mark.parametrize("name", [n for n in COMMANDS if n != "demo"])
def test_every_command_explains_itself(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0, result.output
    group = "COMMAND [ARGS]" in result.output
    assert group or "Examples:" in result.output
    assert group or "Exit status:" in result.output


def test_help_names_every_command() -> None:
    result = run("--help")
    assert all(f"\n  {name} " in result.output for name in COMMANDS)


def test_a_script_runs_in_the_node_and_says_how_it_ended(
    answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pychron.cli.address.answers", lambda path: True)
    folder = tmp_path / ".appdata" / "pyexperiment"
    folder.mkdir(parents=True)
    (folder / "node.sock").touch()
    script = tmp_path / "mine.py"
    script.touch()
    ends = [
        {"result": {"result": "completed", "reason": "", "at": ""}},
        {
            "result": {
                "result": "failed",
                "reason": "C is interlocked by A",
                "at": "mine.py:3",
                "source": "open('C')",
            }
        },
        {"error": {"code": 2, "text": "other.py runs already"}},
    ]
    wire = answer(*ends)
    words = ("script", "run", str(script), "--root", str(tmp_path))
    done = run(*words)
    assert (done.exit_code, done.stdout) == (0, "mine.py: completed\n")
    done = run(*words)
    assert (done.exit_code, done.stdout) == (
        1,
        "mine.py: failed: C is interlocked by A at mine.py:3: `open('C')`\n",
    )
    done = run(*words)
    assert done.exit_code == 1
    assert "other.py runs already" in done.stderr
    assert wire.requests[0] == {"command": "RunScript", "value": str(script), "within": 2.0}


@pytest.mark.parametrize("words", [(), ("--pty", "--tcp", "5025"), ("--tcp", "5025", "--link", "x")])
def test_an_emulated_instrument_is_on_one_line(words: tuple[str, ...]) -> None:
    assert run("simulate", "agilent", *words).exit_code == 2


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "1e7", "0", "-1", "soon"])
@pytest.mark.parametrize(
    "words",
    [
        ("call", "127.0.0.1:1", "Open A", "--timeout"),
        ("watch", "127.0.0.1:1", "--seconds"),
        ("dashboard", "watch", "127.0.0.1:1", "--seconds"),
    ],
)
def test_a_time_that_is_none_is_a_wrong_command_line(words, text):
    result = run(*words, text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words[-1] in result.stderr
