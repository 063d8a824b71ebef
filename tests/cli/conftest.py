"""Fixtures of the command-line tests."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pychron.cli.client import Client
from tests.cli.wire import Wire
from tests.dvc.making import committed
from tests.pipeline.laboratory import written


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Wire]]:
    """Every connection of every Client is answered with the next result, as a node writes it; bytes go as they are."""
    made: list[Wire] = []

    def answers(*results: Any) -> Wire:
        wire = Wire(*(r if isinstance(r, bytes) else json.dumps(r).encode() + b"\r\n" for r in results))
        made.append(wire)
        monkeypatch.setattr(Client, "_connect", lambda client: wire.connect(client))
        return wire

    yield answers
    for wire in made:
        wire.close()


@pytest.fixture
def place(tmp_path):
    """A small laboratory's repositories, committed: MetaData and NM-1."""
    written(tmp_path)
    committed(tmp_path / "NM-1")
    committed(tmp_path / "MetaData", "Labnumber Entry Save")
    return tmp_path
