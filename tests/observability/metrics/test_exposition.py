"""/metrics by Prometheus's own parser, and that page, alert rules, dashboard and table agree."""

from __future__ import annotations

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from pychron.observability.metrics.catalogue import METRICS, PREFIX, arrange
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
    assert [one.metric.name for one in arrange(Counters().by_name()) if one.metric.name == "other"] == []


def test_every_metric_stands_in_the_reference():
    text = (PROJECT / "docs" / "reference" / "metrics.md").read_text()
    written = [PREFIX + one.name + ("_total" if one.kind == "counter" else "") for one in METRICS]
    assert [name for name in written if f"`{name}`" not in text] == []


def test_alert_rules_and_dashboard_ask_for_metrics_that_exist():
    known = {PREFIX + one.name + ("_total" if one.kind == "counter" else "") for one in METRICS} | {
        "pychron_node_info"
    }
    rules = (PROJECT / "etc" / "prometheus" / "alerts.yml").read_text()
    dashboard = (PROJECT / "etc" / "grafana" / "pychron.json").read_text()
    json.loads(dashboard)
    for text in (rules, dashboard):
        asked = set(re.findall(r"\bpychron_[a-z_0-9]+", text))
        assert asked
        assert asked <= known
