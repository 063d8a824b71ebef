"""What every test shares."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# The same examples each time: a test that fails now and then is found by exploring, not by whoever runs it next.
# `HYPOTHESIS_PROFILE=explore make test` looks for new ones.
# How long the making of an example takes is the machine's affair, and no verdict on the code.
settings.register_profile("steady", derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", derandomize=False, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(autouse=True, scope="session")
def _commands_keep_nothing_in_the_users_cache(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _trial_writes_into_a_temporary_folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """trial's `mktemp` makes its folders where the test was started: here, in the checkout."""
    case: Any = request.instance
    if hasattr(case, "mktemp"):
        case.mktemp = lambda: str(tmp_path_factory.mktemp("trial") / "temp")
