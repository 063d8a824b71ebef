"""A pipeline as a value: nodes with their options, in the order in which they run. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pychron.config.problems import Place

Row = Mapping[str, str]
Option = str | float | int | bool | tuple[str, ...] | tuple[float, ...] | tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node of a template."""

    klass: str
    place: Place
    name: str = ""
    """What people call it; the class where it has none."""
    enabled: bool = True
    options: Mapping[str, Option] = field(default_factory=dict)
    """Every option of the class, typed; what the file leaves out has its default."""
    nodes: tuple[NodeSpec, ...] = ()
    """Of a NodeGroup."""

    @property
    def shown(self) -> str:
        """For a person: `FitBlanksNode` or `blanks (FitBlanksNode)`."""
        return f"{self.name} ({self.klass})" if self.name and self.name != self.klass else self.klass


@dataclass(frozen=True, slots=True)
class Template:
    """A named pipeline. `required` are the plugins without which it makes no sense."""

    name: str
    required: tuple[str, ...]
    nodes: tuple[NodeSpec, ...]

    def flat(self) -> tuple[NodeSpec, ...]:
        """The enabled nodes in the order in which they run, groups unfolded."""
        return tuple(_unfold(self.nodes))


def _unfold(nodes: tuple[NodeSpec, ...]) -> Iterator[NodeSpec]:
    for node in nodes:
        if node.enabled:
            if node.nodes:
                yield from _unfold(node.nodes)
            else:
                yield node
