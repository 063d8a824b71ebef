"""Which volumes are connected now, and to what: regions bounded by valves. Pure.

Two questions have two answers while a valve is unknown or moving. What is *surely* one volume is bounded by every valve
that is not confirmed open: the page draws that (`snapshot`). What *may* be one volume is bounded by closed valves only:
interlocks and gas paths ask for that (`possible`), since unknown counts as open there. A region says with which others
it may be connected (`perhaps`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pychron.extraction_line.network.canvas import Part
from pychron.extraction_line.network.graph import Network
from pychron.extraction_line.states import State

PRECEDENCE: Mapping[Part, int] = {
    Part.PUMP: 120,
    Part.PIPETTE: 100,
    Part.LASER: 100,
    Part.TANK: 90,
    Part.SPECTROMETER: 80,
    Part.COLDFINGER: 71,
    Part.GETTER: 70,
    Part.GAUGE: 0,
    Part.STAGE: 0,
}
"""Which source colours a region, the highest first; ties in this order, then by name (spec rpc-and-valves 6)."""
_RANK = {part: i for i, part in enumerate(PRECEDENCE)}


@dataclass(frozen=True, slots=True)
class Region:
    """Nodes that are one volume."""

    id: str
    """`region:` and the sorted names of its nodes, joined by `|`."""
    nodes: tuple[str, ...]
    """Sorted."""
    edges: tuple[str, ...]
    """Tubing with two ends or more in this region; tubing against a boundary is in none. In file order."""
    boundaries: tuple[str, ...]
    """Valves at which it ends, sorted."""
    volume: float
    source: str
    """The node that colours it; empty: none does."""
    perhaps: tuple[str, ...] = ()
    """Ids of regions with which it may be connected, through valves that are unknown or moving; sorted."""


@dataclass(frozen=True, slots=True)
class ValveVolume:
    """What a valve has to do with the regions around it."""

    region: str
    """Id of the region that it is in; empty where it is a boundary."""
    volume: float
    """Its own."""
    side_volumes: tuple[float, ...] = ()
    """Of the regions that it parts, in order of their ids."""
    sides: tuple[str, ...] = ()
    """Their ids."""
    source: str = ""
    """What colours it: that of its region, or of the largest region at its sides. It never colours tubing."""
    connected_volume: float = 0.0
    """Of its region; of a boundary, its own and the largest side's."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The network at one moment."""

    regions: tuple[Region, ...]
    """Sorted by id."""
    valves: Mapping[str, ValveVolume]
    node_region: Mapping[str, str]
    """Id by node; a boundary is in none."""
    edge_source: Mapping[str, str]
    """By edge that is in a region: the node that colours it; empty: none does."""

    def region_of(self, name: str) -> Region | None:
        """The region of a node, None for a boundary."""
        found = self.node_region.get(name)
        return next((r for r in self.regions if r.id == found), None)


def snapshot(network: Network, states: Mapping[str, State]) -> Snapshot:
    """What is surely connected. A valve that `states` does not name is closed, as every valve is at first."""
    opened = {v for v in network.valves if states.get(v, State.CLOSED) is State.OPEN}
    doubtful = {v for v in network.valves if states.get(v, State.CLOSED) not in (State.OPEN, State.CLOSED)}
    return _snapshot(network, opened, doubtful)


def possible(network: Network, states: Mapping[str, State]) -> Snapshot:
    """What may be connected: only a valve that is closed parts anything. One that `states` does not name is closed."""
    opened = {v for v in network.valves if states.get(v, State.CLOSED) is not State.CLOSED}
    return _snapshot(network, opened, ())


def _snapshot(network: Network, opened: Collection[str], doubtful: Collection[str]) -> Snapshot:
    shut = {v for v in network.valves if v not in opened}
    passable = [name for name in network.nodes if name not in shut]
    node_region: dict[str, str] = {}
    found: list[tuple[str, tuple[str, ...]]] = []
    for start in passable:
        if start in node_region:
            continue
        names = tuple(sorted(_reached(network, start, shut)))
        key = "region:" + "|".join(names)
        node_region.update(dict.fromkeys(names, key))
        found.append((key, names))
    sides = {v: _sides(network, v, node_region) for v in network.valves if v in shut}
    regions = tuple(
        _region(network, key, names, shut, sides, doubtful, opened) for key, names in sorted(found)
    )
    by_id = {r.id: r for r in regions}
    valves = {}
    for name in network.valves:
        own = network.volume(name, is_open=name in opened)
        if name in node_region:
            region = by_id[node_region[name]]
            valves[name] = ValveVolume(region.id, own, source=region.source, connected_volume=region.volume)
            continue
        volumes = tuple(by_id[s].volume for s in sides[name])
        largest = max(sides[name], key=lambda s: by_id[s].volume, default="")
        valves[name] = ValveVolume(
            "",
            own,
            volumes,
            sides[name],
            by_id[largest].source if largest else "",
            max(volumes, default=0.0) + own,
        )
    edge_source = {edge: r.source for r in regions for edge in r.edges}
    return Snapshot(regions, valves, node_region, edge_source)


def _reached(network: Network, start: str, shut: Collection[str]) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        for edge in network.at[waiting.pop()]:
            for end in edge.ends:
                if end not in seen and end not in shut:
                    seen.add(end)
                    waiting.append(end)
    return seen


def _sides(network: Network, valve: str, node_region: Mapping[str, str]) -> tuple[str, ...]:
    ends = {end for edge in network.at[valve] for end in edge.ends if end != valve}
    return tuple(sorted({node_region[end] for end in ends if end in node_region}))


def _region(
    network: Network,
    key: str,
    names: tuple[str, ...],
    shut: Collection[str],
    sides: Mapping[str, tuple[str, ...]],
    doubtful: Collection[str],
    opened: Collection[str],
) -> Region:
    inside = set(names)
    edges = [e for e in network.edges if sum(end in inside for end in e.ends) > 1]
    boundaries = sorted({v for v, ids in sides.items() if key in ids})
    perhaps = sorted({other for v in boundaries if v in doubtful for other in sides[v] if other != key})
    volume = sum(network.volume(n, is_open=n in opened) for n in names) + sum(e.volume for e in edges)
    return Region(
        key,
        names,
        tuple(e.name for e in edges),
        tuple(boundaries),
        volume,
        dominant(network, names),
        tuple(perhaps),
    )


def dominant(network: Network, names: Collection[str]) -> str:
    """The node among `names` that colours them, or empty."""
    sources = [n for n in names if PRECEDENCE.get(network.nodes[n].part, 0) > 0]
    return min(
        sources,
        key=lambda n: (-PRECEDENCE[network.nodes[n].part], _RANK[network.nodes[n].part], n),
        default="",
    )
