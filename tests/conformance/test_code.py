"""Constructions that this project does not use, because each has cost somebody a night."""

import ast
from collections.abc import Iterator

from tests.conformance.tree import Module, called, findings, is_below

CATCH_ALL = (
    "pychron.rpc.dispatch",
    "pychron.runtime.periodic",
    "pychron.runtime.spawn",
    "pychron.events.bus",
    "pychron.scripting.runner",
    "pychron.scripting.child",
    "pychron.scripting.namespace",
)
"""Where `except Exception` is right: each logs and goes on. The last two run the laboratory's own code, in the child."""

RUNS_USER_CODE = ("pychron.scripting.child", "pychron.scripting.namespace")


def test_except_exception_stands_only_where_it_is_allowed() -> None:
    def broad(kind: ast.expr | None) -> bool:
        names = kind.elts if isinstance(kind, ast.Tuple) else [kind]
        return any(
            n is None or (isinstance(n, ast.Name) and n.id in ("Exception", "BaseException")) for n in names
        )

    def look(module: Module) -> Iterator[str]:
        if module.name in CATCH_ALL:
            return
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and broad(node.type) and not _raises_again(node):
                yield module.at(node, "name the errors that you expect")

    assert findings("pychron", look) == []


def _raises_again(node: ast.ExceptHandler) -> bool:
    """True where nothing is swallowed: the last statement is a bare `raise`."""
    last = node.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_no_thread_no_global_clock_no_generator_style() -> None:
    def look(module: Module) -> Iterator[str]:
        for node in ast.walk(module.tree):
            name = called(node).rpartition(".")[2]
            if name in ("deferToThread", "deferToThreadPool", "callInThread"):
                yield module.at(node, f"{name}: hand the work to the world's pool")
            elif name == "deferLater":
                yield module.at(node, "deferLater: use runtime.deadlines.sleep with a clock")
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if alias.name in ("inlineCallbacks", "deferToThread", "deferToThreadPool", "deferLater"):
                        yield module.at(node, f"{alias.name} is not used here; write async def and await")

    allowed = [f for f in findings("pychron", look) if "pychron/node/" not in f or "deferLater" in f]
    assert allowed == []


def test_nothing_turns_text_into_code_or_a_command_line() -> None:
    def look(module: Module) -> Iterator[str]:
        for node in ast.walk(module.tree):
            name = called(node)
            if name in ("eval", "exec", "compile") and module.name not in RUNS_USER_CODE:
                yield module.at(node, f"{name}() of a text")
            if name in ("yaml.load", "yaml.unsafe_load", "os.system", "os.popen"):
                yield module.at(node, f"{name}()")
            for keyword in getattr(node, "keywords", ()):
                if keyword.arg == "shell" and getattr(keyword.value, "value", None) is True:
                    yield module.at(node, "shell=True")
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
                if any(is_below(n, "pickle", "marshal", "shelve", "dill") for n in names):
                    yield module.at(node, "pickled data run code when they are read")

    assert findings("pychron", look) == []
