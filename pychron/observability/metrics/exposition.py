"""/metrics: what Prometheus reads, made by its own client library from the node's counters when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from types import MappingProxyType

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from zope.interface import Interface, implementer

from pychron.observability.metrics.catalogue import PREFIX, arrange
from pychron.runtime.distribution import Distribution

CONTENT_TYPE = CONTENT_TYPE_LATEST
Counters = Mapping[str, Callable[[], int | float]]


class NodeCollector(Collector):
    """Reads the counters of one node; each request has its own numbers."""

    def __init__(
        self,
        counters: Counters,
        about: Mapping[str, str],
        durations: Mapping[str, Distribution],
        queues: Callable[[], Counters],
    ) -> None:
        self._counters = counters
        self._about = dict(about)
        self._durations = durations
        self._queues = queues

    def collect(self) -> Iterator[Metric]:
        """As prometheus-client asks for it."""
        yield InfoMetricFamily(f"{PREFIX}node", "Which node this is", value=self._about)
        counters = {**self._counters, **self._queues()}
        for sample in arrange([*counters, *self._durations]):
            metric = sample.metric
            if metric.kind == "histogram":
                yield _histogram(metric.written, metric.help, self._durations[metric.source])
                continue
            kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            labels = [metric.label] if metric.label else []
            family = kind(PREFIX + metric.name, metric.help, labels=labels)
            for label, counter in sample.counters:
                family.add_metric([label] if labels else [], float(counters[counter]()))
            yield family


def _histogram(name: str, help_: str, found: Distribution) -> HistogramMetricFamily:
    bounds = [*map(str, found.bounds), "+Inf"]
    return HistogramMetricFamily(
        name, help_, buckets=list(zip(bounds, accumulate(found.counts), strict=True)), sum_value=found.total
    )


def no_queues() -> Counters:
    """A node without a bus."""
    return {}


class IMetrics(Interface):
    """What is measured."""

    def text() -> bytes:
        """As Prometheus reads it, now."""


@implementer(IMetrics)
class Exposition:
    """The text of /metrics. The registry is the node's own: nothing of the process is in it."""

    def __init__(
        self,
        counters: Counters,
        about: Mapping[str, str],
        durations: Mapping[str, Distribution] = MappingProxyType({}),
        queues: Callable[[], Counters] = no_queues,
    ) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(NodeCollector(counters, about, durations, queues))

    def text(self) -> bytes:
        """Now."""
        return generate_latest(self._registry)
