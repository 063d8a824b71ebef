"""The page of a reduction: figures of the running sample as they grow, control charts with their limits, how repositories stand. Pure.

Text comes from files of the laboratory, so all of it is escaped; figures are served as images of their own, which run nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Protocol

from pychron.pipeline.events import (
    AnalysisReduced,
    ControlChart,
    Panel,
    RepositoryFollowed,
    RunningSample,
    Verdict,
)

WIDTH, HEIGHT, LEFT, RIGHT, EDGE = 520, 170, 70, 12, 22
"""Of a control chart, in the units of its drawing."""
COLOURS = {Verdict.INSIDE: "#0072B2", Verdict.WARNING: "#B36A00", Verdict.OUTSIDE: "#C00000"}
WELL = ("current", "local", "waiting")


class Reduction(Protocol):
    """What the page asks: an IRunningSample."""

    def current(self) -> RunningSample | None: ...
    def panels(self) -> tuple[Panel, ...]: ...
    def charts(self) -> tuple[ControlChart, ...]: ...
    def repositories(self) -> tuple[RepositoryFollowed, ...]: ...


def part(reduction: Reduction) -> str:
    """What changes on the page, as a fragment of HTML."""
    running, charts = reduction.current(), reduction.charts()
    return "".join(
        (
            _running(running),
            _panels(reduction.panels(), running),
            _charts(charts),
            _repositories(reduction.repositories()),
        )
    )


def panel_svg(reduction: Reduction, name: str) -> str | None:
    """A figure of the running sample; None where there is none."""
    return next((panel.svg for panel in reduction.panels() if panel.name == name and panel.svg), None)


def chart_svg(reduction: Reduction, number: int) -> str | None:
    """A control chart, by its place in the list; None where there is none."""
    charts = reduction.charts()
    return _draw(charts[number]) if 0 <= number < len(charts) else None


def _running(running: RunningSample | None) -> str:
    if running is None:
        return '<section id="sample"><h2>Running sample</h2><p>No unknown was reduced yet.</p></section>'
    title = " ".join(filter(None, (running.identifier, running.sample)))
    where = ", ".join(filter(None, (running.irradiation, running.repository)))
    rows = "".join(_row(one) for one in reversed(running.analyses))
    head = "".join(
        f"<th scope=col>{one}</th>" for one in ("Run", "Age (Ma)", "± 1σ", "40Ar* (%)", "K/Ca", "Flags")
    )
    return (
        f'<section id="sample"><h2>Running sample</h2><p><strong>{escape(title)}</strong> {escape(where)}: '
        f"{len(running.analyses)} analyses</p>"
        f'<div class="scroll" tabindex="0"><table id="ages"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>'
    )


def _row(one: AnalysisReduced) -> str:
    flags = "; ".join(("no age: " if flag.fatal else "") + flag.text for flag in one.flags)
    cells = (one.record_id, _number(one.age_ma, 4), _number(one.age_err, 4), _number(one.yield_pct, 1), _number(one.kca, 2), flags)  # fmt: skip
    return (
        f'<tr data-uuid="{escape(one.uuid)}">'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
    )


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _panels(panels: Sequence[Panel], running: RunningSample | None) -> str:
    mark = 0.0 if running is None else running.updated
    found = []
    for panel in panels:
        name, title = escape(panel.name), escape(panel.title)
        inside = (
            f'<img src="/reduction/panel/{name}.svg?at={mark:.3f}" alt="{title}">'
            if panel.svg
            else f"<p>{escape(panel.why_empty)}</p>"
        )
        found.append(f'<section id="{name}" class="figure"><h2>{title}</h2>{inside}</section>')
    return "".join(found)


def _charts(charts: Sequence[ControlChart]) -> str:
    found = []
    for number, chart in enumerate(charts):
        last = chart.points[-1] if chart.points else None
        state = "" if last is None else f": {last.record_id} is {last.verdict.value}"
        if chart.centre is None:
            state = ": too few points for limits"
        mark = f"{len(chart.points)}-{0.0 if last is None else last.time:.0f}"
        found.append(
            f'<figure><img src="/reduction/chart/{number}.svg?at={mark}" alt="{escape(chart.name + state)}">'
            f"<figcaption>{escape(chart.name + state)}</figcaption></figure>"
        )
    inside = "".join(found) or "<p>No blank and no air was measured yet.</p>"
    return f'<section id="charts"><h2>Control charts</h2><p>Lines: mean, 2 and 3 sigma.</p><div>{inside}</div></section>'


def _repositories(repositories: Sequence[RepositoryFollowed]) -> str:
    rows = "".join(
        f'<tr data-state="{escape(one.state.value)}" class="{"" if one.state.value in WELL else "trouble"}">'
        f"<td>{escape(one.repository)}</td><td>{escape(one.state.value)}</td>"
        f"<td>{escape(one.commit[:12])}</td><td>{escape(one.why)}</td></tr>"
        for one in repositories
    )
    head = "".join(f"<th scope=col>{one}</th>" for one in ("Repository", "State", "Commit", "What to do"))
    return (
        f'<section id="repositories"><h2>Repositories</h2><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def _draw(chart: ControlChart) -> str:
    """Points with their errors against time, the mean and its limits."""
    points = [one for one in chart.points if math.isfinite(one.value)]
    if not points:
        return _svg(f'<text x="{LEFT}" y="{HEIGHT / 2}">no point yet</text>')
    lines = [(k, limits) for k in (2, 3) if (limits := chart.limits(k)) is not None]
    low = min([one.value for one in points] + [limits[0] for _, limits in lines])
    high = max([one.value for one in points] + [limits[1] for _, limits in lines])
    span = (high - low) or abs(high) or 1.0
    low, high = low - 0.06 * span, high + 0.06 * span
    first, last = points[0].time, points[-1].time

    def y(value: float) -> float:
        return EDGE + (high - value) / (high - low) * (HEIGHT - 2 * EDGE)

    def x(time: float) -> float:
        share = (time - first) / (last - first) if last > first else 0.5
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    drawn = []
    if chart.centre is not None:
        drawn.append(_line(y(chart.centre), "#444444", "", f"{chart.centre:.4g}"))
    for k, limits in lines:
        colour, dash = ("#B36A00", "6 4") if k == 2 else ("#C00000", "2 3")
        drawn += [_line(y(value), colour, dash, f"{value:.4g}" if k == 3 else "") for value in limits]
    for one in points:
        cx, cy, colour = x(one.time), y(one.value), COLOURS[one.verdict]
        if math.isfinite(one.error):
            top, bottom = max(y(one.value + one.error), EDGE), min(y(one.value - one.error), HEIGHT - EDGE)
            drawn.append(
                f'<line x1="{cx:.1f}" x2="{cx:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" stroke="#888888"/>'
            )
        shape = (
            f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="3" fill="{colour}"/>'
            if one.verdict is Verdict.INSIDE
            else f'<rect x="{cx - 4:.1f}" y="{cy - 4:.1f}" width="8" height="8" fill="{colour}"/>'
        )
        drawn.append(
            f"<g><title>{escape(one.record_id)}: {one.value:.6g}, {one.verdict.value}</title>{shape}</g>"
        )
    units = f" ({chart.units})" if chart.units else ""
    words = f'<text x="{LEFT}" y="14" font-weight="bold">{escape(chart.name + units)}</text>'
    ends = "".join(
        f'<text x="{place}" y="{HEIGHT - 6}" text-anchor="{anchor}">{_day(time)}</text>'
        for place, anchor, time in ((LEFT, "start", first), (WIDTH - RIGHT, "end", last))[
            : 1 + (last > first)
        ]
    )
    return _svg(words + ends + "".join(drawn))


def _line(y: float, colour: str, dash: str, label: str) -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    text = f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{escape(label)}</text>' if label else ""
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"{dashes}/>{text}'
    )


def _day(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M}" if math.isfinite(time) else ""


def _svg(inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>{inside}</svg>'
    )
