"""/metrics by Prometheus's own parser, and that page, alert rules, dashboard and table agree."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.task import Clock

from pychron.events.bus import EventBus
from pychron.observability.metrics.catalogue import METRICS, arrange
from pychron.observability.metrics.exposition import Exposition
from pychron.rpc.counters import Counters

PROJECT = Path(__file__).parents[3]


def families(counters):
    text = Exposition(counters, {"node": "pyvalve", "boot": "b"}).text().decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def values(family):
    return {
        tuple(sample.labels.values()): sample.value
        for sample in family.samples
        if sample.name.endswith(("_total", family.name))
    }


def test_counters_come_out_as_prometheus_reads_them():
    rpc = Counters()
    rpc.requests, rpc.connected, rpc.faults[14] = 7, 3, 2
    found = families({**rpc.by_name(), "alive": lambda: 1})
    assert values(found["pychron_rpc_requests"]) == {(): 7}
    assert found["pychron_rpc_requests"].type == "counter"
    assert values(found["pychron_rpc_connected"]) == {(): 3}
    assert found["pychron_rpc_connected"].type == "gauge"
    assert values(found["pychron_rpc_faults"])[("014",)] == 2
    assert values(found["pychron_alive"]) == {(): 1}
    assert found["pychron_node_info"].samples[0].labels == {"node": "pyvalve", "boot": "b"}


def test_what_varies_is_a_label():
    found = families(
        {
            "remote_pyvalve_polls": lambda: 5,
            "remote_pyvalve_polls_failed": lambda: 1,
            "remote_other_polls": lambda: 2,
        }
    )
    assert values(found["pychron_peer_polls"]) == {("pyvalve",): 5, ("other",): 2}
    assert values(found["pychron_peer_polls_failed"]) == {("pyvalve",): 1}


def test_a_counter_of_somebody_elses_plugin_is_not_lost():
    assert values(families({"our_lab_shots": lambda: 4.5})["pychron_other"]) == {("our_lab_shots",): 4.5}


def test_each_request_has_its_own_numbers():
    numbers = iter((1, 2))
    page = Exposition({"scripts_run": lambda: next(numbers)}, {})
    assert b"pychron_scripts_run_total 1.0" in page.text()
    assert b"pychron_scripts_run_total 2.0" in page.text()


def test_every_counter_of_the_command_server_is_in_the_table():
    rpc = Counters()
    counted = [*rpc.by_name(), *rpc.by_verb(("Open", "GetValveState")), *rpc.distributions()]
    assert [one.metric.name for one in arrange(counted) if one.metric.name == "other"] == []


def test_durations_come_out_as_a_histogram():
    rpc = Counters()
    for seconds in (0.00005, 0.001, 0.002, 99.0):
        rpc.awaiting.add(seconds)
    text = Exposition({}, {}, rpc.distributions()).text().decode()
    family = {one.name: one for one in text_string_to_metric_families(text)}["pychron_rpc_awaiting_seconds"]
    assert family.type == "histogram"
    below = {sample.labels["le"]: sample.value for sample in family.samples if "le" in sample.labels}
    assert [below[le] for le in ("0.0001", "0.001", "0.003", "30.0", "+Inf")] == [1, 2, 3, 3, 4]
    rest = {sample.name: sample.value for sample in family.samples if "le" not in sample.labels}
    assert rest["pychron_rpc_awaiting_seconds_count"] == 4
    assert rest["pychron_rpc_awaiting_seconds_sum"] == pytest.approx(99.00305)


def test_each_queue_of_the_bus_has_its_own_line():
    bus = EventBus(Clock())
    bus.subscribe(lambda event: None, bound=1, what="notifier")
    bus.subscribe(lambda event: None, what="history")
    for event in (1, 2, 3):
        bus.publish(event)
    text = Exposition({}, {}, queues=bus.counters).text().decode()
    found = {family.name: values(family) for family in text_string_to_metric_families(text)}
    assert found["pychron_events_waiting"] == {("notifier",): 1, ("history",): 3}
    assert found["pychron_events_dropped"] == {("notifier",): 2, ("history",): 0}


def test_every_counter_of_the_tree_is_in_the_table():
    """Those that are named where they are registered; the names that vary have tests of their own."""
    names = {
        name
        for path in (PROJECT / "pychron").rglob("*.py")
        for name in re.findall(r"counters\[\"(\w+)\"\]", path.read_text())
    }
    assert {"scripts_run", "dashboard_readings", "web_browsers"} <= names
    assert [one for one in arrange(names) if one.metric.name == "other"] == []


def test_every_metric_stands_in_the_reference_and_nothing_else_does():
    text = (PROJECT / "docs" / "reference" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(pychron_\w+)` \| (\w+) \| (\w*) ?\| (.+) \|$", text, re.MULTILINE)
    assert rows == [(one.written, one.kind, one.label, one.help) for one in METRICS]


def test_alert_rules_and_dashboard_ask_for_metrics_that_exist():
    known = {one.written for one in METRICS if one.kind != "histogram"} | {"pychron_node_info"}
    known |= {
        one.written + part
        for one in METRICS
        if one.kind == "histogram"
        for part in ("_bucket", "_sum", "_count")
    }
    rules = (PROJECT / "etc" / "prometheus" / "alerts.yml").read_text()
    dashboard = (PROJECT / "etc" / "grafana" / "pychron.json").read_text()
    json.loads(dashboard)
    for text in (rules, dashboard):
        asked = set(re.findall(r"\bpychron_[a-z_0-9]+", text))
        assert asked
        assert asked <= known
