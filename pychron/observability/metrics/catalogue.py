"""Every metric: its name, what it is, and which of a node's counters it is read from. Pure.

A counter whose name holds a part of its own (`remote_NAME_polls`) is one metric with that part as a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PREFIX = "pychron_"
ENDINGS = {"counter": "_total", "gauge": "", "histogram": "_seconds"}
"""What a name ends in, by kind; a histogram has `_bucket`, `_sum` and `_count` after that."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the table. `source` is the counter's name, with `{label}` where it varies."""

    source: str
    name: str
    kind: str
    """counter, gauge or histogram"""
    help: str

    @property
    def written(self) -> str:
        """As Prometheus writes it."""
        return f"{PREFIX}{self.name}{ENDINGS[self.kind]}"

    @property
    def label(self) -> str:
        """The name of its label; empty without one."""
        found = re.search(r"\{(\w+)\}", self.source)
        return found[1] if found else ""

    def match(self, counter: str) -> str | None:
        """The label's value (empty without one) where `counter` is one of this metric's, else None."""
        if not self.label:
            return "" if counter == self.source else None
        before, _, after = self.source.partition(f"{{{self.label}}}")
        inner = counter[len(before) : len(counter) - len(after)]
        fits = counter.startswith(before) and counter.endswith(after) and inner
        return inner if fits else None


def _rpc(name: str, kind: str, help_: str) -> Metric:
    return Metric(f"rpc_{name}", f"rpc_{name}", kind, help_)


METRICS = (
    _rpc("requests", "counter", "Requests received on the command port and the node's own socket"),
    Metric("rpc_faults_{code}", "rpc_faults", "counter", "Fault replies by wire number"),
    Metric("rpc_verb_{verb}", "rpc_commands", "counter", "Requests by verb, refused ones included"),
    _rpc("answering", "histogram", "Seconds of each turn in which a connection was answered"),
    _rpc(
        "awaiting",
        "histogram",
        "Seconds from a request to its reply, of those that wait for hardware or disk",
    ),
    _rpc("waiting", "gauge", "Requests that wait for their connection's turn now"),
    _rpc("connections", "counter", "Connections that were accepted"),
    _rpc("connected", "gauge", "Connections now"),
    _rpc("refused", "counter", "Connections for which there was no room"),
    _rpc("hostile", "counter", "Connections that spoke HTTP or TLS"),
    _rpc("garbage", "counter", "Connections closed after a run of garbage"),
    _rpc("silent", "counter", "Connections closed because nothing came"),
    _rpc("unread", "counter", "Connections aborted because their peer did not read"),
    _rpc("standstills", "counter", "Times that the node's loop stood still for more than a second"),
    Metric("extraction_line_actuations", "valve_actuations", "counter", "Switches that were turned"),
    Metric("extraction_line_refusals", "valve_refusals", "counter", "Actuations that were refused"),
    Metric("extraction_line_under_way", "valve_under_way", "gauge", "Actuations under way now"),
    Metric("extraction_line_unknown", "valves_unknown", "gauge", "Switches whose state is unknown now"),
    Metric("extraction_line_alarms", "alarms_standing", "gauge", "Alarms of the line that stand now"),
    Metric("store_transactions", "store_transactions", "counter", "Transactions of the node's own file"),
    Metric("store_sync_s", "store_sync_s", "counter", "Seconds that their commits took"),
    Metric("store_failed", "store_failed", "counter", "Commits that could not be written"),
    Metric("broadcast_frames_sent", "broadcast_frames", "counter", "Frames published, heartbeats included"),
    Metric("broadcast_requests_answered", "broadcast_requests", "counter", "Requests on the reply port"),
    Metric("remote_{peer}_commands", "peer_commands", "counter", "Actuations sent to a valve controller"),
    Metric("remote_{peer}_unanswered", "peer_unanswered", "counter", "Actuations without an answer"),
    Metric("remote_{peer}_polls_failed", "peer_polls_failed", "counter", "Status polls that failed"),
    Metric("remote_{peer}_polls", "peer_polls", "counter", "Status polls of a valve controller"),
    Metric(
        "remote_{peer}_frames_dropped",
        "peer_frames_dropped",
        "counter",
        "Broadcasts of a controller that had no room",
    ),
    Metric("remote_{peer}_connected", "peer_up", "gauge", "1 while the valve controller answers"),
    Metric("channel_{device}_exchanges", "channel_exchanges", "counter", "Exchanges with an instrument"),
    Metric("channel_{device}_timeouts", "channel_timeouts", "counter", "Exchanges without an answer in time"),
    Metric("channel_{device}_garbled", "channel_garbled", "counter", "Answers that made no sense"),
    Metric("channel_{device}_lost", "channel_lost", "counter", "Connections that ended in an exchange"),
    Metric("channel_{device}_connects", "channel_connects", "counter", "Connections made"),
    Metric("channel_{device}_up", "channel_up", "gauge", "1 while the instrument's channel is up"),
    Metric("events_{queue}_waiting", "events_waiting", "gauge", "Events that wait in a queue of the bus now"),
    Metric("events_{queue}_dropped", "events_dropped", "counter", "Events for which that queue had no room"),
    Metric(
        "dashboard_value_{value}",
        "dashboard_value",
        "gauge",
        "A value of the node's dashboard, by its name; NaN where it is in error or too old",
    ),
    Metric(
        "dashboard_values_missing",
        "dashboard_values_missing",
        "gauge",
        "Values that are in error or too old now",
    ),
    Metric(
        "dashboard_conditions_tripped", "dashboard_conditions_tripped", "gauge", "Conditions that hold now"
    ),
    Metric("dashboard_readings", "dashboard_readings", "counter", "Readings that came"),
    Metric("dashboard_failures", "dashboard_failures", "counter", "Readings that failed or did not come"),
    Metric(
        "dashboard_frames_sent", "dashboard_frames", "counter", "Frames of the dashboard, heartbeats included"
    ),
    Metric(
        "dashboard_requests_answered",
        "dashboard_requests",
        "counter",
        "Requests on the dashboard's reply port",
    ),
    Metric("dashboard_up", "dashboard_up", "gauge", "1 while the dashboard runs and its ports are open"),
    Metric(
        "followed_{server}_up",
        "dashboard_server_up",
        "gauge",
        "1 while a dashboard server that is followed is heard",
    ),
    Metric("alerts_standing", "alerts_standing", "gauge", "Alerts that stand or wait to be acknowledged"),
    Metric("alerts_sent", "alerts_sent", "counter", "Letters that their receiver has"),
    Metric("alerts_failed", "alerts_failed", "counter", "Attempts to send a letter that failed"),
    Metric("alerts_waiting", "alerts_waiting", "gauge", "Letters that nobody has yet"),
    Metric(
        "repository_looks",
        "repository_looks",
        "counter",
        "Times that the repositories were looked at for new records",
    ),
    Metric("analyses_reduced", "analyses_reduced", "counter", "Analyses that were reduced by themselves"),
    Metric("history_written", "history_written", "counter", "Readings and events in the history"),
    Metric("history_waiting", "history_waiting", "gauge", "Readings and events that are not written yet"),
    Metric("history_dropped", "history_dropped", "counter", "Readings and events that were lost"),
    Metric("scripts_run", "scripts_run", "counter", "Scripts that were run"),
    Metric("web_browsers", "web_browsers", "gauge", "Pages that follow the node now"),
    Metric("web_dropped", "web_dropped", "counter", "Pages dropped because they did not read"),
    Metric("web_refused", "web_refused", "counter", "Web requests refused by host, origin or token"),
    Metric("alive", "alive", "gauge", "Always 1: its absence is the alarm"),
)
"""In the order of docs/reference/metrics.md."""
OTHER = Metric("{name}", "other", "gauge", "Counters of a laboratory's own plugins")


@dataclass(frozen=True, slots=True)
class Sample:
    """One metric with the counters that it is read from now: (label's value, counter's name)."""

    metric: Metric
    counters: tuple[tuple[str, str], ...]


def arrange(counters: Iterable[str]) -> list[Sample]:
    """The metrics of a node with these counters, in the table's order; what no metric knows is `other`."""
    found: dict[Metric, list[tuple[str, str]]] = {}
    for counter in sorted(counters):
        metric, label = next(
            ((one, label) for one in METRICS if (label := one.match(counter)) is not None), (OTHER, counter)
        )
        found.setdefault(metric, []).append((label, counter))
    order: Mapping[Metric, int] = {metric: place for place, metric in enumerate((*METRICS, OTHER))}
    return [Sample(metric, tuple(found[metric])) for metric in sorted(found, key=order.__getitem__)]
