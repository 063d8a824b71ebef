"""Pieces of work done by the workers of dask.distributed: those of a scheduler that runs, or of a cluster on this machine.

distributed is imported here only, when the engine is asked for; it is in the extra `dask`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, TypeVar

from pychron.pipeline.running.chunks import Lost

REACH_S = 10.0
"""How long a scheduler may take to answer."""
LOSSES = 1
"""How many workers may die of one piece before it counts as lost; dask itself lets four."""

T = TypeVar("T")
P = TypeVar("P")


class EngineMissing(Exception):
    """dask is not installed; the text says what to do."""


class SchedulerUnreached(Exception):
    """Nobody answers there; the text names the address."""


class Killed(Lost):
    """Its worker died."""


class DaskEngine:
    """Open it with `with`: a cluster of this machine is ended with it, a scheduler that was named goes on."""

    def __init__(self, scheduler: str = "", workers: int = 0) -> None:
        """`scheduler`: its address, as tcp://host:8786; without one `workers` processes (0: one a core) are started here. Raises EngineMissing."""
        try:
            self._dask = importlib.import_module("dask")
            self._distributed = importlib.import_module("distributed")
        except ImportError as problem:
            raise EngineMissing(
                f"the engine dask is not installed ({problem}); pip install 'pychron-twisted[dask]'"
            ) from None
        self._scheduler = scheduler
        self._workers = workers
        self._cluster: Any = None
        self._client: Any = None

    def __enter__(self) -> DaskEngine:
        """Raises SchedulerUnreached."""
        where: Any = self._scheduler
        if not where:
            with self._dask.config.set({"distributed.scheduler.allowed-failures": LOSSES}):
                where = self._cluster = self._distributed.LocalCluster(
                    n_workers=self._workers or None,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address="127.0.0.1:0",
                    worker_dashboard_address="127.0.0.1:0",
                )
        try:
            self._client = self._distributed.Client(where, timeout=REACH_S, set_as_default=False)
        except (OSError, ValueError) as problem:
            raise SchedulerUnreached(f"no dask scheduler answers at {where}: {problem}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for part in (self._client, self._cluster):
            if part is not None:
                part.close()

    def each(self, work: Callable[[P], T], pieces: Sequence[P]) -> Iterator[tuple[int, T | Lost]]:
        """As `pychron.pipeline.running.chunks.Engine` says. Pieces are kept by nobody once their result is here.

        With a worker all pieces die that it was handed, whichever of them killed it: each is tried once more, alone.
        """
        alone = []
        for number, done in self._once(work, list(enumerate(pieces))):
            if isinstance(done, Killed):
                alone.append(number)
            else:
                yield number, done
        for number in sorted(alone):
            yield from self._once(work, [(number, pieces[number])])

    def _once(
        self, work: Callable[[P], T], pieces: Sequence[tuple[int, P]]
    ) -> Iterator[tuple[int, T | Lost]]:
        futures = self._client.map(work, [piece for _, piece in pieces], pure=False, retries=0)
        numbers = {future.key: number for future, (number, _) in zip(futures, pieces, strict=True)}
        waiting = self._distributed.as_completed(futures, loop=self._client.loop)
        del futures
        for future in waiting:
            number = numbers[future.key]
            yield number, future.result() if future.status == "finished" else self._lost(future)
            future.release()

    def _lost(self, future: Any) -> Lost:
        if future.status != "error":  # it was done, and its result died with its worker
            return Killed(f"the scheduler gave it up ({future.status})")
        problem = future.exception()
        text = f"{type(problem).__name__}: {problem}"
        return Killed(text) if isinstance(problem, self._distributed.scheduler.KilledWorker) else Lost(text)
