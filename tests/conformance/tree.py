"""The tree as the conformance tests see it: files, parsed once, and findings as `FILE:LINE: text`."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One Python file."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def where(self) -> str:
        """Relative to the checkout, with slashes."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        """Dotted, as it is imported."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def doc(self) -> str:
        return ast.get_docstring(self.tree) or ""

    def at(self, node: ast.AST, text: str) -> str:
        """A finding."""
        return f"{self.where}:{getattr(node, 'lineno', 0)}: {text}"


@cache
def modules(folder: str) -> tuple[Module, ...]:
    """Every Python file below `folder`, in order of path."""
    paths = sorted(p for p in (ROOT / folder).rglob("*.py") if "__pycache__" not in p.parts)
    texts = ((path, path.read_text("utf-8")) for path in paths)
    return tuple(Module(path, text, ast.parse(text, str(path))) for path, text in texts)


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git tracks; outside a git checkout, every file that is no product of a build."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        names = sorted(name for name in listed.stdout.decode().split("\0") if name)
        return tuple(path for path in (ROOT / name for name in names) if path.is_file())
    built = {".venv", "build", "dist", "__pycache__"}
    return tuple(sorted(p for p in ROOT.rglob("*") if p.is_file() and not built & set(p.parts)))


def imports(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Each imported name, dotted: `from a import b` gives `a.b`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def called(node: ast.AST) -> str:
    """The dotted name of what a call calls (`yaml.load`), or an empty text."""
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or attribute, or an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else node.attr
    return ""


def findings(folder: str, look: Callable[[Module], Iterator[str]]) -> list[str]:
    """What `look` finds in every module of a folder."""
    return [found for module in modules(folder) for found in look(module)]


def is_below(name: str, *packages: str) -> bool:
    """True when a dotted name is one of `packages` or inside one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def links() -> tuple[str, ...]:
    """Symbolic links that git tracks: they lead to a place of one machine, or say a thing twice."""
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, check=False, text=True)
    return tuple(line.split("\t", 1)[1] for line in listed.stdout.splitlines() if line.startswith("120000"))
