"""The context variables that every script sees, with their defaults (and as attributes of `ex`). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULTS: Mapping[str, Any] = {
    "position": "",
    "next_position": "",
    "extract_value": 0,
    "extract_units": "",
    "duration": 0,
    "cleanup": 0,
    "pre_cleanup": 0,
    "post_cleanup": 0,
    "ramp_duration": 0,
    "ramp_rate": 0,
    "cryo_temperature": 0,
    "pattern": "",
    "tray": "",
    "light_value": 0,
    "beam_diameter": None,
    "delay_after": 0,
    "disable_between_positions": False,
    "extract_device": "",
    "analysis_type": "",
    "run_identifier": "default_runid",
    "load_identifier": "default_load",
    "is_last": False,
}


class Ex:
    """`ex.duration`: the context variables as attributes."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)

    def __repr__(self) -> str:
        return f"ex({', '.join(sorted(self.__dict__))})"


def complete(context: Mapping[str, Any], testing: bool) -> dict[str, Any]:
    """All context variables of a run: what it says, over the defaults."""
    return {**DEFAULTS, **context, "testing_syntax": testing}
