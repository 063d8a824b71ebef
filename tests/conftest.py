"""What every test shares."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _trial_writes_into_a_temporary_folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """trial's `mktemp` makes its folders where the test was started: here, in the checkout."""
    case: Any = request.instance
    if hasattr(case, "mktemp"):
        case.mktemp = lambda: str(tmp_path_factory.mktemp("trial") / "temp")
