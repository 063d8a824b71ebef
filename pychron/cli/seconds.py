"""A time as an option: seconds that end."""

from __future__ import annotations

import math
from typing import Any

import click

LONGEST_S = 1e6
"""Eleven days; the system's own time-outs take no number without bounds."""


class Seconds(click.FloatRange):
    """More than 0, at most LONGEST_S. `nan` is in every range, as click compares."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True, max=LONGEST_S)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As click does, and nan is none."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return number
