"""The lab's canvas as SVG: drawn once, then coloured and marked by the page. Pure.

The canvas counts upwards, SVG downwards. Every name is escaped; nothing of a file becomes markup.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from html import escape

from pychron.extraction_line.network.canvas import Canvas, End, Item, Link, Part
from pychron.web.colours import own_colour

MARGIN = 2.0
COLUMNS = 8
SCALE = 20.0
"""Pixels of the drawing for one unit of the canvas: texts and lines have sensible sizes then."""
SWITCH = "switch"
"""The tag of what is switched and no part of the gas network."""
ROUND = frozenset({Part.GAUGE, Part.TANK, Part.GETTER, Part.COLDFINGER, Part.PIPETTE})


def draw(canvas: Canvas) -> str:
    """All of a canvas."""
    parts = [_link(canvas, link) for link in canvas.links]
    parts += [_item(canvas, item) for item in canvas.items if not _is_driven(item)]
    parts += [_text(label.x, label.y, label.text, "label") for label in canvas.labels]
    parts += [
        valve(item.name, *_centre(canvas, item), item.shown, box=item.part is not Part.VALVE)
        for item in canvas.items
        if _is_driven(item)
    ]
    return _svg(parts, _bounds(canvas))


def draw_grid(names: Sequence[str]) -> str:
    """Switches in rows, for a lab without a canvas."""
    places = [(4.0 * (n % COLUMNS), -4.5 * (n // COLUMNS)) for n in range(len(names))]
    parts = [valve(name, x, y, name) for name, (x, y) in zip(names, places, strict=True)]
    if not places:
        return _svg([], (0.0, 0.0, 10.0, 4.0))
    xs, ys = zip(*places, strict=True)
    return _svg(parts, (min(xs) - 2, min(ys) - 2.5, max(xs) + 2, max(ys) + 2))


def valve(name: str, x: float, y: float, shown: str, box: bool = False) -> str:
    """One switch about its middle; a box is one that no gas passes. The page sets data-state, data-evidence, data-lock and what is read aloud."""
    body = (
        '<rect class="body" x="-17" y="-17" width="34" height="34" rx="4"/>'
        if box
        else '<circle class="body" r="17"/>'
    )
    label = escape(name, quote=True)
    return (
        f'<g class="valve{" box" if box else ""}" data-name="{label}" data-state="unknown" tabindex="0" role="button" '
        f'aria-label="{label}: unknown" transform="translate({_n(x * SCALE)} {_n(-y * SCALE)})">'
        '<circle class="halo" r="25"/><circle class="held" r="21"/>'
        f"{body}"
        '<path class="bar" d="M-17 0H17"/><text class="doubt" y="7">?</text>'
        '<path class="lock" d="M10 -20v-4a4 4 0 0 1 8 0v4m-10 0h12v9h-12z"/>'
        '<text class="evidence" x="-21" y="-12"></text>'
        f'<text class="name" y="{5 if box else 36}">{escape(shown)}</text></g>'
    )


def _is_driven(item: Item) -> bool:
    return item.part is Part.VALVE or item.tag == SWITCH


def _svg(parts: Iterable[str], bounds: tuple[float, float, float, float]) -> str:
    left, bottom, right, top = (one * SCALE for one in bounds)
    box = f"{_n(left)} {_n(-top)} {_n(right - left)} {_n(top - bottom)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="group" aria-label="extraction line">'
        f"{''.join(parts)}</svg>"
    )


def _bounds(canvas: Canvas) -> tuple[float, float, float, float]:
    xs, ys = [], []
    for item in canvas.items:
        wide, high = canvas.size(item.name)
        xs += [item.x, item.x + wide]
        ys += [item.y, item.y + high]
    for label in canvas.labels:
        xs.append(label.x)
        ys.append(label.y)
    if not xs:
        (left, right), (bottom, top) = canvas.config.xview, canvas.config.yview
        return left, bottom, right, top
    return min(xs) - MARGIN, min(ys) - MARGIN - 1, max(xs) + MARGIN, max(ys) + MARGIN


def _centre(canvas: Canvas, item: Item) -> tuple[float, float]:
    wide, high = canvas.size(item.name)
    return item.x + wide / 2, item.y + high / 2


def _item(canvas: Canvas, item: Item) -> str:
    wide, high = canvas.size(item.name)
    x, y = item.x * SCALE, -(item.y + high) * SCALE
    colour = own_colour(canvas, item.name)
    fill = f' fill="{escape(colour, quote=True)}"' if colour and item.fill else ""
    corner = min(wide, high) * SCALE / (2 if item.part in ROUND else 8)
    middle, centre = _centre(canvas, item)
    text = "" if not item.shown else _text(middle, centre, item.shown, "thing-name")
    node = escape(item.name, quote=True)
    return (
        f'<g class="thing {item.part}" data-node="{node}"><rect class="shape" x="{_n(x)}" y="{_n(y)}" width="{_n(wide * SCALE)}" '
        f'height="{_n(high * SCALE)}" rx="{_n(corner)}"{fill}/>{text}</g>'
    )


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{_n(x * SCALE)}" y="{_n(-y * SCALE)}" dy="0.35em">{escape(text)}</text>'


def _link(canvas: Canvas, link: Link) -> str:
    places = [place for end in link.ends if (place := _anchor(canvas, end)) is not None]
    if len(places) < 2:
        return ""
    if link.tag in ("tee_connection", "fork_connection") and len(places) == 3:
        left, mid, right = places
        path = _line(left, right) + _line(((left[0] + right[0]) / 2, (left[1] + right[1]) / 2), mid)
    elif link.tag == "elbow":
        start, end = places
        corner = (end[0], start[1]) if link.orientation != "vertical" else (start[0], end[1])
        path = _line(start, corner) + _line(corner, end)
    elif link.orientation == "vertical":
        path = _line(places[0], (places[0][0], places[1][1]))
    elif link.orientation == "horizontal":
        path = _line(places[0], (places[1][0], places[0][1]))
    else:
        path = "".join(_line(one, two) for one, two in itertools.pairwise(places))
    edge = escape(link.name, quote=True)
    return f'<path class="tube casing" d="{path}"/><path class="tube" data-edge="{edge}" d="{path}"/>'


def _anchor(canvas: Canvas, end: End) -> tuple[float, float] | None:
    item = canvas.by_name.get(end.name)
    if item is None:
        return None
    if end.offset is not None:
        return item.x + end.offset[0], item.y + end.offset[1]
    return _centre(canvas, item)


def _line(one: tuple[float, float], two: tuple[float, float]) -> str:
    return f"M{_n(one[0] * SCALE)} {_n(-one[1] * SCALE)}L{_n(two[0] * SCALE)} {_n(-two[1] * SCALE)}"


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
