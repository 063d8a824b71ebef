"""Times as a person writes them."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta

import click

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)(?:\s+ago)?", re.IGNORECASE)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DAYS = {"today": 0, "yesterday": 1}


def moment(text: str, now: float | None = None) -> float:
    """Wall seconds of `2026-11-26 03:12`, `03:12` (the last time it was so late), `yesterday 03:12`, `90m ago` or `now`.

    Times are those of this computer's zone. Raises click.BadParameter with what to write.
    """
    wall = time.time() if now is None else now
    word = " ".join(text.lower().split())
    if word == "now":
        return wall
    if ago := _AGO.fullmatch(word):
        return wall - float(ago[1]) * _SECONDS[ago[2]]
    here = datetime.fromtimestamp(wall)
    day, _, clock = word.rpartition(" ")
    try:
        if day in _DAYS or (not day and "-" not in clock):
            at = datetime.strptime(clock, "%H:%M:%S" if clock.count(":") == 2 else "%H:%M")
            found = here.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
            found -= timedelta(days=_DAYS.get(day, 0))
            if not day and found.timestamp() > wall:
                found -= timedelta(days=1)
            return found.timestamp()
        return datetime.fromisoformat(text.strip()).timestamp()
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no time; write 2026-11-26 03:12, 03:12, yesterday 03:12, or 90m ago"
        ) from None


def span(text: str) -> float:
    """Seconds of `10m`, `2h` or `90s`. Raises click.BadParameter."""
    found = _AGO.fullmatch(text.strip())
    if not found:
        raise click.BadParameter(f"{text!r} is no length of time; write 10m, 2h or 90s")
    return float(found[1]) * _SECONDS[found[2].lower()]
