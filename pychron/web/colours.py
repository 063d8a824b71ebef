"""What colours tubing and things: the source that each is surely connected to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pychron.extraction_line.network.canvas import Canvas, Colour, Part
from pychron.extraction_line.network.graph import Network
from pychron.extraction_line.network.regions import snapshot
from pychron.extraction_line.states import State

DEFAULTS: Mapping[Part, str] = {
    Part.PUMP: "#5b8db8",
    Part.PIPETTE: "#c9803a",
    Part.LASER: "#c0504d",
    Part.TANK: "#8064a2",
    Part.SPECTROMETER: "#4f9d69",
    Part.COLDFINGER: "#3f9fb0",
    Part.GETTER: "#9a8c5a",
}
"""Where neither the canvas nor its configuration says one."""


def css(colour: Colour | None, default: str = "") -> str:
    """As a browser reads it; a word that could be anything else is left out."""
    if isinstance(colour, tuple):
        return "#{:02x}{:02x}{:02x}".format(*(max(0, min(255, part)) for part in colour))
    if isinstance(colour, str) and colour.replace(" ", "").isalpha():
        return colour.replace(" ", "").lower()
    return default


def own_colour(canvas: Canvas, name: str) -> str:
    """Of a thing of the canvas by itself; empty where nothing says one."""
    return css(canvas.colour(name), DEFAULTS.get(canvas.by_name[name].part, ""))


def region_colours(canvas: Canvas, network: Network, states: Mapping[str, State]) -> dict[str, Any]:
    """By edge and by node: the colour of the region's source (empty: none), and the edges that an unknown valve may join to more.

    A valve is in a region while it is confirmed open; then it has that region's colour.
    """
    found = snapshot(network, states)
    colour = {name: own_colour(canvas, name) for name in network.nodes}
    by_id = {region.id: region for region in found.regions}
    edges = {edge: colour.get(source, "") for edge, source in found.edge_source.items()}
    nodes = {}
    doubtful: set[str] = set()
    for name, region in found.node_region.items():
        source = by_id[region].source
        nodes[name] = colour.get(source, "")
        if by_id[region].perhaps:
            doubtful.add(name)
    volumes = {name: by_id[region].volume for name, region in found.node_region.items()}
    perhaps = [edge.name for edge in network.edges if not doubtful.isdisjoint(edge.ends)]
    return {"edges": edges, "nodes": nodes, "perhaps": perhaps, "volumes": volumes}
