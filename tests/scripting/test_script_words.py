"""Commands, errors and context: the tables agree with each other and with the line."""

import pytest

from pychron.extraction_line import errors
from pychron.scripting import commands, context, script_errors
from pychron.scripting.commands import Kind, kind_of
from pychron.scripting.extraction_line_pyscript import ExtractionLinePyScript
from pychron.scripting.limits import environment
from pychron.scripting.namespace import bind
from pychron.scripting.script_errors import ScriptError


def test_scripts_can_catch_every_error_of_the_line_by_its_name():
    def below(cls):
        return {cls.__name__ for cls in cls.__subclasses__()} | {
            n for s in cls.__subclasses__() for n in below(s)
        }

    assert set(script_errors.LINE_KINDS) == {n for n in below(errors.LineError) if hasattr(errors, n)}
    assert isinstance(script_errors.by_kind("Locked", "x"), script_errors.LineError)
    assert str(script_errors.by_kind("Strange", "x")) == "Strange: x"


def test_cancelled_is_no_exception():
    assert not issubclass(script_errors.Cancelled, Exception)


def test_every_command_has_its_method():
    for spec in (*commands.EVERY_SCRIPT, *commands.VALVES):
        assert hasattr(ExtractionLinePyScript, f"_m_{commands.ALIASES.get(spec.name, spec.name)}"), spec.name


def test_commands_names_are_once_and_shadow_no_context_variable():
    names = [spec.name for spec in ExtractionLinePyScript.table]
    assert len(names) == len(set(names))
    assert not set(names) & set(context.DEFAULTS)


def test_a_set_point_of_zero_switches_off():
    extract = next(spec for spec in commands.DEVICE if spec.name == "extract")
    assert kind_of(extract, {"power": 0}) is kind_of(extract, {"power": 0.0}) is Kind.SAFE
    assert kind_of(extract, {"power": 5}) is kind_of(extract, {"power": ""}) is Kind.ACTS
    assert kind_of(extract, {"power": False}) is Kind.ACTS


def test_what_a_cancelled_script_may_still_do():
    allowed = {
        spec.name
        for spec in ExtractionLinePyScript.table
        if spec.kind.allowed_after_cancel and not spec.hidden
    }
    assert allowed == {
        "close",
        "lock",
        "is_open",
        "is_closed",
        "disable",
        "end_extract",
        "cancel",
        "abort",
        "exit",
    }


def test_binding():
    parameters = [["name", None], ["description", ""]]
    assert bind("open", parameters, ("A",), {}) == {"name": "A", "description": ""}
    assert bind("open", parameters, (), {"description": "x"}) == {"name": None, "description": "x"}
    for given, named, text in (
        (("A", "b", "c"), {}, r"open\(\) takes at most 2"),
        ((), {"mode": 1}, r"no argument 'mode'; it takes name, description"),
        (("A",), {"name": "B"}, "twice"),
    ):
        with pytest.raises(ScriptError, match=text):
            bind("open", parameters, given, named)
    with pytest.raises(ScriptError, match="needs its argument 'value'"):
        bind("set_light", [["value"]], (), {})


def test_the_environment_of_a_script_holds_none_of_the_nodes_keys():
    inherited = {"PATH": "/bin", "AWS_SECRET": "x", "SSH_AUTH_SOCK": "y", "HOME": "/h", "PYTHONSTARTUP": "z"}
    assert environment(inherited, "/p") == {
        "PATH": "/bin",
        "PYTHONPATH": "/p",
        "PYTHONIOENCODING": "utf-8:backslashreplace",
    }


@pytest.mark.parametrize(
    ("kind", "text", "line", "expected"),
    [
        ("SyntaxError", "Missing parentheses in call to 'print'. Did...", "print x", "write print(x)"),
        ("SyntaxError", "multiple exception types", "except ValueError, e:", "except Error as e"),
        ("NameError", "name 'xrange' is not defined", "for i in xrange(3):", "write range"),
        ("NameError", "name 'heat' is not defined", "heat(3)", ""),
        ("SyntaxError", "invalid syntax", "x = = 3", ""),
    ],
)
def test_python_2_is_told_what_to_write(kind, text, line, expected):
    assert expected in script_errors.python_2_hint(kind, text, line)
    assert bool(expected) == bool(script_errors.python_2_hint(kind, text, line))
