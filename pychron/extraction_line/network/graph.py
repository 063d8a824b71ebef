"""The graph that a canvas draws: things that hold gas and the tubing between them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pychron.extraction_line.network.canvas import DRAWN_LINKS, Canvas, Item, Part


@dataclass(frozen=True, slots=True)
class Edge:
    """Tubing between two nodes or more; its name is `A_B`, or `A-B-C`."""

    name: str
    ends: tuple[str, ...]
    volume: float = 0.0


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes by name, edges in file order, and which edges meet at a node."""

    nodes: Mapping[str, Item]
    edges: tuple[Edge, ...]
    at: Mapping[str, tuple[Edge, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        at: dict[str, list[Edge]] = {name: [] for name in self.nodes}
        for edge in self.edges:
            for end in edge.ends:
                at[end].append(edge)
        object.__setattr__(self, "at", MappingProxyType({k: tuple(v) for k, v in at.items()}))

    @property
    def valves(self) -> tuple[str, ...]:
        """Names of the valves, in file order."""
        return tuple(name for name, item in self.nodes.items() if item.part is Part.VALVE)

    def volume(self, name: str, *, is_open: bool = False) -> float:
        """Of one node. A valve has its closed volume, and its open volume more while it is open."""
        item = self.nodes[name]
        if item.part is not Part.VALVE:
            return item.volume
        return item.closed_volume + (item.open_volume if is_open else 0.0)


def network_of(canvas: Canvas) -> Network:
    """The network of a canvas. What is only drawn is not in it, nor tubing with fewer than two ends in it."""
    nodes = {item.name: item for item in canvas.items if item.part is not Part.DRAWN}
    edges: list[Edge] = []
    for link in canvas.links:
        ends = tuple(dict.fromkeys(end.name for end in link.ends if end.name in nodes))
        if link.tag not in DRAWN_LINKS and len(ends) > 1:
            edges.append(Edge(("_" if len(ends) == 2 else "-").join(ends), ends, link.volume))
    return Network(MappingProxyType(nodes), tuple(edges))
