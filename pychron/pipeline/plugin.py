"""Pipeline: a pycrunch reduces by itself what is measured, publishes it, and commits nothing."""

from __future__ import annotations

from typing import Any

from zope.interface import implementer

from pychron.broadcast.interfaces import INotifier
from pychron.dvc.interfaces import IRepositories
from pychron.pipeline.following.announcing import announce, repository_object, sample_object
from pychron.pipeline.following.automatic import AutomaticReduction
from pychron.pipeline.interfaces import IRunningSample
from pychron.pipeline.running.runner import faults_of
from pychron.pipeline.settings import Settings, read_settings
from pychron.pipeline.templates.template_file import read_template
from pychron.runtime.plugin import Context, IDrains, IPlugin

TEMPLATES = "pipeline"
"""Folder of a root with the lab's own templates."""


@implementer(IPlugin, IDrains)
class PipelinePlugin:
    """Offers IRunningSample."""

    name = "Pipeline"
    needs = (IRepositories,)
    offers = (IRunningSample,)
    wants = (INotifier,)

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._reduction: AutomaticReduction | None = None

    def check(self, context: Context) -> None:
        """Read pipeline.yaml and the lab's own templates."""
        root, report = context.options.root, context.report
        self._settings = read_settings(root, report)
        for path in sorted((root / TEMPLATES).glob("*.y*ml")):
            template = read_template(path, report)
            for place, text in faults_of(template) if template is not None else ():
                report.error(place, text, code="template")

    async def setup(self, context: Context) -> None:
        settings = self._settings or read_settings(context.options.root, context.report)
        locations = context.find(IRepositories).locations
        reduction = AutomaticReduction(context.world, context.bus, locations, settings, context.state_folder)
        context.counters["analyses_reduced"] = lambda: reduction.reduced
        context.counters["repository_looks"] = lambda: reduction.looks
        context.offer(IRunningSample, reduction)
        self._reduction = reduction

    def bind(self, context: Context) -> None:
        """With a voice where the node has one; then begin."""
        assert self._reduction is not None
        try:
            notifier = context.find(INotifier)
        except LookupError:
            notifier = None
        if notifier is not None:
            announce(notifier)
            notifier.contribute("reduction", self._state)
        self._reduction.start()

    def _state(self) -> dict[str, Any]:
        """Of a snapshot."""
        reduction = self._reduction
        if reduction is None:
            return {}
        running = reduction.current()
        return {
            "repositories": [repository_object(one) for one in reduction.repositories()],
            "running_sample": None if running is None else sample_object(running),
            "following": reduction.following(),
        }

    async def drain(self) -> None:
        """No further look."""
        if self._reduction is not None:
            self._reduction.stop()

    async def teardown(self) -> None:
        reduction, self._reduction = self._reduction, None
        if reduction is not None:
            reduction.stop()
