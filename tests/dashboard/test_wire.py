"""Bytes that installed programs produce and understand (spec 2.3 and 2.4), and replies of any kind."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pychron.broadcast.frames import write_text
from pychron.config.problems import Place, Report
from pychron.dashboard import wire
from pychron.dashboard.dashboard_file import read_dashboard
from pychron.dashboard.events import ConditionTripped, Level, ValueFailed, ValueRead

TS = 1712000000.123
PLACE = Place("dashboard.yaml", 3)
CONFIG = (
    '{"config": {"source_path": "dashboard.yaml", "port": 8102, "devices": [{"name": "Env", '
    '"device": "environmental_monitor", "enabled": true, "values": [{"name": "temperature", '
    '"tag": "<Env,temperature>", "func_name": "get_temperature", "period": 10, "enabled": true, "threshold": 0.25, '
    '"units": "C", "timeout": 60.0, "record": false, "bindname": "", "conditionals": [{"severity": 10, '
    '"teststr": "x>30", "nfail": 2, "script": "", "emails": "a@b.c"}]}]}]}, "kind": "config_snapshot", '
    '"ts": 1795393972.39}'
)
"""What an installed program produced, apart from the folder of its file."""
FILE = """\
port: 8102
devices:
  - name: Env
    device: environmental_monitor
    values:
      - {name: temperature, func_name: get_temperature, period: 10, enabled: true, threshold: 0.25, units: C,
         conditionals: [[10, {teststr: "x>30", nfail: 2, emails: a@b.c}]]}
"""


def bytes_of(frames: list[wire.Frame]) -> list[bytes]:
    return [write_text(*frame) for frame in frames]


def tripped(level: Level, value: float) -> ConditionTripped:
    test = "x>30" if level is Level.WARNING else "x>40"
    return ConditionTripped(
        f"Env.temperature.{test}",
        "Env.temperature",
        "Env",
        "temperature",
        level,
        test,
        value,
        "C",
        TS,
        "",
        "",
        "shutdown" if level is Level.CRITICAL else "",
        (),
        PLACE,
    )


def test_heartbeat() -> None:
    assert bytes_of([wire.heartbeat("/x/dashboard.yaml", "polling", TS)]) == [
        b'dashboard {"kind": "heartbeat", "source": "/x/dashboard.yaml", "state": "polling", "ts": 1712000000.123}'
    ]


def test_value_and_its_legacy_twin() -> None:
    event = ValueRead("Env.temperature", "Env", "temperature", "<Env,temperature>", 12.5, "C", TS, PLACE)
    assert bytes_of(wire.value_frames(event)) == [
        b'dashboard {"device": "Env", "kind": "value_update", "name": "temperature", "tag": "<Env,temperature>", '
        b'"ts": 1712000000.123, "units": "C", "value": 12.5}',
        b"<Env,temperature> 12.5",
    ]


def test_a_late_value_is_a_timeout_and_an_error() -> None:
    event = ValueFailed(
        "Env.temperature", "Env", "temperature", "<Env,temperature>", "late", TS, PLACE, late=True
    )
    timeout, error = bytes_of(wire.failure_frames(event))
    assert timeout == (
        b'dashboard {"device": "Env", "kind": "timeout", "name": "temperature", "tag": "<Env,temperature>", '
        b'"ts": 1712000000.123}'
    )
    assert b'"kind": "error", "message": "Env.temperature: late"' in error


def test_an_error_names_its_value() -> None:
    event = ValueFailed("Env.temperature", "Env", "temperature", "<Env,temperature>", "is off", TS, PLACE)
    (frame,) = bytes_of(wire.failure_frames(event))
    assert json.loads(frame.partition(b" ")[2]) == {
        "device": "Env",
        "kind": "error",
        "message": "Env.temperature: is off",
        "name": "temperature",
        "tag": "<Env,temperature>",
        "ts": TS,
    }


def test_warning_then_the_bare_message() -> None:
    assert bytes_of(wire.condition_frames(tripped(Level.WARNING, 31.0))) == [
        b'dashboard {"device": "Env", "kind": "warning", "message": "Env.temperature.x>30 is True. value=31", '
        b'"ts": 1712000000.123}',
        b"Env.temperature.x>30 is True. value=31",
    ]


def test_critical_between_its_two_legacy_twins() -> None:
    assert bytes_of(wire.condition_frames(tripped(Level.CRITICAL, 41.0))) == [
        b"Env.temperature.x>40 is True. value=41",
        b'dashboard {"device": "Env", "kind": "critical", "message": "Env.temperature.x>40 is True. value=41", '
        b'"script": "shutdown", "ts": 1712000000.123}',
        b"error Env.temperature.x>40 is True. value=41",
    ]


def test_the_configuration_is_byte_for_byte_that_of_an_installed_server(tmp_path: Path) -> None:
    (tmp_path / "dashboard.yaml").write_text(FILE)
    spec = read_dashboard(tmp_path, Report(tmp_path))
    assert spec is not None
    assert wire.config_snapshot(spec, 1795393972.39) == CONFIG


def test_the_configuration_of_an_installed_server_is_read() -> None:
    values = wire.read_config(CONFIG.encode())
    assert values == (wire.Configured("Env", "temperature", "<Env,temperature>", "C", 10.0),)
    assert values[0].name == "Env.temperature"


def test_a_configuration_with_name_and_tag_alone_is_enough() -> None:
    bare = {
        "kind": "config_snapshot",
        "config": {"devices": [{"values": [{"name": "t", "tag": "<E,t>"}, {"name": 3}]}]},
    }
    assert wire.read_config(json.dumps(bare).encode()) == (wire.Configured("", "t", "<E,t>", "", None),)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["kind", "config", "devices", "values", "name", "tag", "period"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)


@given(st.one_of(st.binary(max_size=80), _JSON.map(lambda tree: json.dumps(tree).encode())))
def test_any_reply_is_a_configuration_or_none(reply: bytes) -> None:
    found = wire.read_config(reply)
    assert found is None or all(value.tag and value.value_name for value in found)


@given(_JSON)
def test_anything_is_a_configuration_or_none(tree: object) -> None:
    reply = json.dumps({"kind": "config_snapshot", "config": {"devices": [{"values": [tree]}]}}).encode()
    found = wire.read_config(reply)
    assert found is not None
    assert len(found) <= 1
