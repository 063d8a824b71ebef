"""`--engine`, `--scheduler`, `--workers`: who does the work of a command that reads many analyses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pychron.cli.exits import Refused, Unreached

if TYPE_CHECKING:
    from pychron.pipeline.running.dask_engine import DaskEngine

F = TypeVar("F", bound=Callable[..., Any])
HERE, DASK = "here", "dask"


def engine_options(command: F) -> F:
    """Read by `engine_of`; the command gets no argument."""
    for option in reversed(
        (
            click.option(
                "--engine",
                type=click.Choice([HERE, DASK]),
                default=HERE,
                show_default=True,
                expose_value=False,
                callback=_remember,
                help="Who does the work: this process, or workers of dask (extra `dask`).",
            ),
            click.option(
                "--scheduler",
                metavar="ADDRESS",
                default="",
                expose_value=False,
                callback=_remember,
                help="With --engine dask: a scheduler that runs, as tcp://host:8786, in place of workers here.",
            ),
            click.option(
                "--workers",
                type=click.IntRange(min=1),
                metavar="N",
                expose_value=False,
                callback=_remember,
                help="With --engine dask: how many workers are started here (one a core).",
            ),
        )
    ):
        command = option(command)
    return command


def _remember(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    ctx.meta[f"{__name__}.{option.name}"] = value


@contextmanager
def engine_of() -> Iterator[DaskEngine | None]:
    """The engine that the running command names; None: this process, without one. Raises Refused, Unreached."""
    said = click.get_current_context().meta
    engine, scheduler, workers = (
        said.get(f"{__name__}.{name}") for name in ("engine", "scheduler", "workers")
    )
    if engine != DASK:
        if scheduler or workers:
            raise Refused("--scheduler and --workers are for --engine dask; add it")
        yield None
        return
    if scheduler and workers:
        raise Refused("--workers are started here, --scheduler has its own; leave one away")
    from pychron.pipeline.running.dask_engine import DaskEngine, EngineMissing, SchedulerUnreached

    with ExitStack() as stack:
        try:
            opened = stack.enter_context(DaskEngine(scheduler or "", workers or 0))
        except EngineMissing as problem:
            raise Refused(str(problem)) from None
        except SchedulerUnreached as problem:
            raise Unreached(str(problem)) from None
        yield opened
