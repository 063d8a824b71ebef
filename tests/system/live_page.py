"""A page of a node in a real browser, and bare requests to it."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request

import pytest

from tests.system.twistd_process import PROJECT, until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PICTURES = PROJECT / "build" / "pictures"
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")


class Page:
    """One page, and all that its console said."""

    def __init__(self, browser, port, path="/", hold=None, **options):
        """`hold`: requests to such addresses are never answered."""
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.errors = []
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        if hold is not None:
            self.page.route(hold, lambda route: None)
        self.page.goto(f"http://127.0.0.1:{port}{path}")
        self.page.wait_for_selector("body[data-ready=yes]")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def wait_for(self, selector):
        self.page.wait_for_selector(selector, timeout=20_000, state="attached")

    def until(self, expression):
        """The page's own policy forbids the waiting by eval that the browser's driver would do."""
        until(lambda: self.page.evaluate(expression), expression)

    def picture(self, name):
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=True)


def valve(name, **data):
    return f'.valve[data-name="{name}"]' + "".join(f'[data-{key}="{value}"]' for key, value in data.items())


def get(port, path, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode(), answer.headers


def refused(port, path, data=None, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    with pytest.raises(urllib.error.HTTPError) as found, urllib.request.urlopen(request, timeout=10):
        pass
    with found.value as answer:
        return answer.code, answer.read().decode()
