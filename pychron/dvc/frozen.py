"""What a repository holds fast of the metadata, so that its ages stay when those change: J of a level, production ratios.

`<irradiation>.json` and `<irradiation>.<level>.production.json` in the root of the repository. They stand over the metadata repository.
"""

from __future__ import annotations

from typing import Any

from pychron.config.problems import Place
from pychron.dvc.errors import CorruptFile
from pychron.dvc.json_file import listing, mapping, parse
from pychron.dvc.metadata import Position, read_position, read_productions
from pychron.dvc.trees import Tree
from pychron.reduction.inputs import Productions


class Frozen:
    """Reads it as it is asked for, and remembers."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._productions: dict[tuple[str, str], Productions | None] = {}
        self._positions: dict[tuple[str, str], tuple[Position, ...]] = {}

    def productions(self, irradiation: str, level: str) -> Productions | None:
        """Production ratios of a level; None where they are not frozen. Raises CorruptFile."""
        key = irradiation, level
        if key not in self._productions:
            path = f"{irradiation}.{level}.production.json"
            data = self._tree.read(path)
            self._productions[key] = (
                None if data is None else read_productions(parse(data, path), path, f"{path} (frozen)")
            )
        return self._productions[key]

    def position(self, irradiation: str, level: str, hole: int | None, identifier: str) -> Position | None:
        """A hole with a frozen J; None where it has none. Raises CorruptFile."""
        key = irradiation, level
        if key not in self._positions:
            path = f"{irradiation}.json"
            data = self._tree.read(path)
            self._positions[key] = () if data is None else _positions(parse(data, path), path, level)
        for one in self._positions[key]:
            if one.hole == hole or (hole is None and identifier and one.identifier == identifier):
                return one if one.j is not None else None
        return None

    def files(self, irradiation: str, level: str) -> dict[str, str]:
        """What of it -> path, of the files that are there."""
        named = {
            "frozen level": f"{irradiation}.json",
            "frozen production ratios": f"{irradiation}.{level}.production.json",
        }
        return {what: path for what, path in named.items() if self._tree.read(path) is not None}


def _positions(document: Any, path: str, level: str) -> tuple[Position, ...]:
    """By level, as a level file or as its list of positions."""
    levels = mapping(document, path, "frozen levels")
    if "positions" in levels:
        raise CorruptFile(
            Place(path), "it does not say of which level it is; write {LEVEL: {positions: [...]}}"
        )
    one = levels.get(level)
    if one is None:
        return ()
    if isinstance(one, dict):
        one = one.get("positions")
    return tuple(read_position(mapping(item, path), path) for item in listing(one, path, f"level {level}"))
