"""Times as laboratories write them: without a zone. Counted as seconds since 1970 as if they were UTC. Pure."""

from __future__ import annotations

import calendar
from datetime import datetime
from typing import Any


def seconds(text: Any) -> float:
    """A local time to seconds; a zone written behind it is applied. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(f"a time is written like 2025-02-03T04:05:06, this is {text!r}")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"a time is written like 2025-02-03T04:05:06, this is {text!r}") from None
    return calendar.timegm(moment.utctimetuple()) + moment.microsecond * 1e-6


def text(moment: float) -> str:
    """`2025-02-03 04:05:06`"""
    days, rest = divmod(int(moment), 86_400)
    date = datetime.fromordinal(datetime(1970, 1, 1).toordinal() + days)
    return f"{date:%Y-%m-%d} {rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
