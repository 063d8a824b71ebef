"""One dashboard written as YAML and as XML is the same dashboard."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import given, settings
from hypothesis import strategies as st

from pychron.config.problems import Place, Report
from pychron.dashboard.dashboard_file import read_dashboard
from pychron.dashboard.specs import ValueSpec

NOWHERE = Place("")
NAMES = st.text("abcXYZ <&>é'_.-", min_size=1, max_size=8).map(str.strip).filter(bool)
NUMBERS = st.floats(0.02, 80000).map(lambda n: round(n, 3))
TESTS = st.builds("x {} {}".format, st.sampled_from(["<", ">", ">=", "<="]), st.integers(-9, 99))
CONDITIONS = st.lists(
    st.fixed_dictionaries(
        {"level": st.sampled_from(["warn", "critical"]), "teststr": TESTS},
        optional={
            "nfail": st.integers(1, 9),
            "nclear": st.integers(1, 9),
            "hysteresis": st.integers(0, 3),
            "guidance": NAMES,
            "emails": st.sampled_from(["a@b.c", "a@b.c, d@e.f"]),
            "on_missing": st.sampled_from(["trip", "ignore"]),
        },
    ),
    max_size=3,
    unique_by=lambda c: c["teststr"],
)
VALUES = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES},
        optional={
            "func_name": NAMES,
            "period": st.one_of(NUMBERS, st.just("on_change")),
            "enabled": st.booleans(),
            "threshold": NUMBERS,
            "units": NAMES,
            "timeout": NUMBERS,
            "record": st.booleans(),
            "conditionals": CONDITIONS,
        },
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda v: v["name"],
)
DEVICES = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES, "device": NAMES, "values": VALUES}, optional={"enabled": st.booleans()}
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda d: d["name"],
)
TAGS = {"func_name": "func", "threshold": "change_threshold"}


def as_yaml(devices: list[dict[str, Any]], port: int) -> str:
    def condition(told: dict[str, Any]) -> list[Any]:
        return [told["level"], {k: v for k, v in told.items() if k != "level"}]

    def value(told: dict[str, Any]) -> dict[str, Any]:
        return {**told, "conditionals": [condition(c) for c in told.get("conditionals", ())]}

    found = [{**d, "values": [value(v) for v in d["values"]]} for d in devices]
    return json.dumps({"port": port, "devices": found}, ensure_ascii=False)


def as_xml(devices: list[dict[str, Any]], port: int) -> str:
    def leaf(tag: str, told: Any) -> str:
        text = str(told).lower() if isinstance(told, bool) else str(told)
        return f"<{tag}>{escape(text)}</{tag}>"

    def condition(told: dict[str, Any]) -> str:
        rest = "".join(leaf(k, v) for k, v in told.items() if k not in ("level", "teststr"))
        return f"<{told['level']}>{escape(told['teststr'])}{rest}</{told['level']}>"

    def value(told: dict[str, Any]) -> str:
        leaves = "".join(
            leaf(TAGS.get(k, k), v) for k, v in told.items() if k not in ("name", "conditionals")
        )
        inner = "".join(condition(c) for c in told.get("conditionals", ()))
        return f"<value>{escape(told['name'])}{leaves}<conditionals>{inner}</conditionals></value>"

    def device(told: dict[str, Any]) -> str:
        use = leaf("use", told["enabled"]) if "enabled" in told else ""
        values = "".join(value(v) for v in told["values"])
        return f"<device>{escape(told['name'])}{use}{leaf('name', told['device'])}{values}</device>"

    return f"<root>{leaf('port', port)}{''.join(device(d) for d in devices)}</root>"


def placeless(value: ValueSpec) -> ValueSpec:
    # Two parses of one expression are two objects: their source is what counts.
    conditions = tuple(
        replace(c, place=NOWHERE, test=c.test.source, clear=c.clear and c.clear.source)  # type: ignore[arg-type]
        for c in value.conditions
    )
    return replace(value, place=NOWHERE, conditions=conditions)


def read(name: str, text: str) -> tuple[int, list[ValueSpec], list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_text(text, "utf-8")
        report = Report(Path(folder))
        spec = read_dashboard(Path(folder), report)
    errors = sorted(problem.text for problem in report.errors)
    return (0, [], errors) if spec is None else (spec.port, [placeless(v) for v in spec.values], errors)


@settings(max_examples=60, deadline=None)
@given(DEVICES, st.integers(1, 65534))
def test_they_say_the_same(devices: list[dict[str, Any]], port: int) -> None:
    yaml, xml = read("dashboard.yaml", as_yaml(devices, port)), read("dashboard.xml", as_xml(devices, port))
    assert yaml == xml
    kept = [v for d in devices if d.get("enabled", True) for v in d["values"]]
    assert not yaml[2]
    assert [v.value_name for v in yaml[1]] == [v["name"] for v in kept]
    for spec, told in zip(yaml[1], kept, strict=True):
        assert spec.period_s == (None if told.get("period") == "on_change" else told.get("period", 60.0))
        assert spec.enabled is told.get("enabled", False)
        assert [c.nfail for c in spec.conditions] == [c.get("nfail", 1) for c in told.get("conditionals", ())]
