"""Times as people write them."""

from __future__ import annotations

from datetime import datetime

import click
import pytest

from pychron.cli.moments import moment, span

NOW = datetime(2026, 11, 26, 12, 0, 0).timestamp()


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("2026-11-26 03:12", datetime(2026, 11, 26, 3, 12)),
        ("2026-11-25T03:12:30", datetime(2026, 11, 25, 3, 12, 30)),
        ("03:12", datetime(2026, 11, 26, 3, 12)),
        ("23:00", datetime(2026, 11, 25, 23, 0)),
        ("yesterday 22:00", datetime(2026, 11, 25, 22, 0)),
        ("today 08:00:05", datetime(2026, 11, 26, 8, 0, 5)),
        ("90m ago", datetime(2026, 11, 26, 10, 30)),
        ("now", datetime(2026, 11, 26, 12, 0)),
    ],
)
def test_moments(text, then):
    assert moment(text, NOW) == then.timestamp()


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-13-01 00:00", "tomorrow 03:00"])
def test_what_is_no_time_is_told(text):
    with pytest.raises(click.BadParameter, match="write 2026-11-26 03:12"):
        moment(text, NOW)


def test_spans():
    assert (span("10m"), span("2h"), span("90s")) == (600, 7200, 90)
    with pytest.raises(click.BadParameter, match="write 10m"):
        span("ten")
