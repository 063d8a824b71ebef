"""Interlocks that the canvas suggests and the valves file does not have. They are told, never added. Pure.

All other valves closed, two valves that share a volume are opened together. That is proposed to be an interlock where it
lets a tank's gas past its pipette, to a pump, to another tank or to the spectrometer, or opens the spectrometer to a pump
that is not its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from pychron.config.problems import Place
from pychron.extraction_line.network.canvas import Part
from pychron.extraction_line.network.graph import Network
from pychron.extraction_line.network.regions import Region, snapshot
from pychron.extraction_line.specs import LineSpec, SwitchSpec

_TOGETHER = {
    frozenset({Part.TANK, Part.PUMP}): "the gas of {0} goes to {1}",
    frozenset({Part.TANK}): "the gases of {0} and {1} mix",
    frozenset({Part.TANK, Part.SPECTROMETER}): "the gas of {0} goes to {1} without a pipette",
    frozenset({Part.PUMP, Part.SPECTROMETER}): "{0} pumps {1}",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two valves that nothing keeps from being open together, and what happens then."""

    first: str
    second: str
    why: str
    place: Place
    """Of the first in the valves file."""

    def __str__(self) -> str:
        return (
            f"{self.place}: {self.first} and {self.second} have no interlock; open together, {self.why}. "
            f"If that is never meant, write <interlock>{self.second}</interlock> into valve {self.first}"
        )


def propose(network: Network, line: LineSpec) -> tuple[Proposal, ...]:
    """Each pair once, sorted by name. Valves that only one of the two files knows are left out."""
    shut = snapshot(network, {})
    regions = {r.id: r for r in shut.regions}
    at: dict[str, list[str]] = {}
    for name, volume in shut.valves.items():
        if name in line.by_name:
            for side in volume.sides:
                at.setdefault(side, []).append(name)
    sides = {name: volume.sides for name, volume in shut.valves.items()}
    found: dict[tuple[str, str], Proposal] = {}
    for shared, valves in sorted(at.items()):
        for first, second in combinations(sorted(valves), 2):
            if (first, second) in found or _tied(line, first, second):
                continue
            why = _why(network, regions, shared, sides[first], sides[second])
            if why:
                found[first, second] = Proposal(first, second, why, line.by_name[first].place)
    return tuple(found[pair] for pair in sorted(found))


def _tied(line: LineSpec, first: str, second: str) -> bool:
    """An interlock counts both ways; what opens only while, or because, the other is open is meant so."""

    def names(spec: SwitchSpec) -> tuple[str, ...]:
        return (*spec.interlocks, *spec.positive_interlocks, spec.parent)

    return second in names(line.by_name[first]) or first in names(line.by_name[second])


def _why(
    network: Network,
    regions: Mapping[str, Region],
    shared: str,
    first: tuple[str, ...],
    second: tuple[str, ...],
) -> str:
    one = [n for side in first if side not in second for n in regions[side].nodes]
    other = [n for side in second if side not in first for n in regions[side].nodes]
    piped = any(network.nodes[n].part is Part.PIPETTE for n in regions[shared].nodes)
    for a, b in _pairs(one, other):
        parts = frozenset({network.nodes[a].part, network.nodes[b].part})
        text = _TOGETHER.get(parts)
        if text is not None and len(parts) + (a != b) > 1:
            named = (a, b) if _first(network, a, b) else (b, a)
            return text.format(*named)
    if piped:
        for these, those in ((one, other), (other, one)):
            tank = next((n for n in sorted(these) if network.nodes[n].part is Part.TANK), "")
            if tank and those:
                return f"the gas of {tank} goes past its pipette to {', '.join(sorted(those)[:3])}"
    return ""


def _pairs(one: list[str], other: list[str]) -> Iterator[tuple[str, str]]:
    for a in sorted(one):
        for b in sorted(other):
            yield a, b


def _first(network: Network, a: str, b: str) -> bool:
    """Tank before pump before spectrometer: the order in which the sentence names them."""
    rank = {Part.TANK: 0, Part.PUMP: 1}
    return rank.get(network.nodes[a].part, 2) <= rank.get(network.nodes[b].part, 2)
