"""Events of the dashboard: what installed clients get as text."""

import pytest

from pychron.config.problems import Place
from pychron.dashboard.events import ConditionTripped, Level


def tripped(value: float | None) -> ConditionTripped:
    return ConditionTripped(
        condition="Env.temperature.x>30",
        name="Env.temperature",
        device="Env",
        value_name="temperature",
        level=Level.WARNING,
        test="x>30",
        value=value,
        units="C",
        time=1712000000.123,
        why="",
        guidance="",
        script="",
        emails=(),
        place=Place("dashboard.yaml", 7),
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (31.0, "Env.temperature.x>30 is True. value=31"),
        (31.25, "Env.temperature.x>30 is True. value=31.25"),
        (1.5e-08, "Env.temperature.x>30 is True. value=1.5e-08"),
        (None, "Env.temperature.x>30 is True. value=missing"),
    ],
)
def test_the_message_is_the_one_that_installed_clients_know(value: float | None, text: str) -> None:
    assert tripped(value).message == text


def test_levels_have_the_numbers_that_installed_clients_know() -> None:
    assert (Level.WARNING.severity, Level.CRITICAL.severity) == (10, 20)
