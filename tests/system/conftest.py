"""One browser for all tests of live pages."""

from __future__ import annotations

import pytest

from tests.system.live_page import CHROMIUM
from tests.system.valve_node import ValveNode


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", rules])
        yield found
        found.close()


@pytest.fixture
def node(tmp_path):
    with ValveNode(tmp_path) as found:
        yield found
