"""What a pycrunch follows and how it reduces: `setupfiles/pipeline.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pychron.config.fields import Fields
from pychron.config.problems import Place, Report
from pychron.config.yaml_file import YamlTable, leaves, read_yaml
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.fitting.review import Rules, rules_of
from pychron.pipeline.templates.template import NodeSpec
from pychron.pipeline.templates.template_file import read_options
from pychron.reduction.constants import DEFAULT, NAMED

FILE = Path("setupfiles", "pipeline.yaml")
FROM_J = "of each J"
POLL_S = 30.0
PORT = 5555


@dataclass(frozen=True, slots=True)
class Settings:
    """The file, checked."""

    host: str
    """Of the pyexperiment whose broadcast is followed; empty: none, only the poll brings news."""
    port: int
    poll_s: float
    arithmetic: Arithmetic
    rules: Rules
    chart_points: int
    """So many first points of a control chart make its limits; 0 = all."""
    place: Place


def read_settings(root: Path, report: Report) -> Settings:
    """Read it; without the file its defaults."""
    path = root / FILE
    place = report.place(path)
    fields, review = Fields({}, place, report, "pipeline"), None
    if path.exists():
        node = read_yaml(path, report)
        if isinstance(node, YamlTable):
            review = node.entries.get("review")
            rest = YamlTable(
                {k: v for k, v in node.entries.items() if k != "review"}, node.places, node.place
            )
            fields = Fields(leaves(rest), node.place, report, "pipeline")
        elif node is not None:
            report.error(node.place, "pipeline: write keys here, such as `host: 192.168.1.20`", code="yaml")
    constants = fields.choice("constants", FROM_J, (FROM_J, *NAMED))
    own = constants == FROM_J
    spec = read_options("ReviewNode", review, report, place)
    found = Settings(
        host=fields.host("host", ""),
        port=fields.port("port", PORT),
        poll_s=fields.seconds("poll", POLL_S),
        arithmetic=Arithmetic(
            NAMED[DEFAULT if own else constants],
            own,
            fields.flag("convert", False),
            fields.flag("decay_from_end", False),
        ),
        rules=_rules(spec, report),
        chart_points=fields.integer("chart_points", 0, minimum=0, maximum=100_000),
        place=place,
    )
    fields.unknown(near_is_error=True)
    return found


def _rules(spec: NodeSpec, report: Report) -> Rules:
    try:
        return rules_of(spec)
    except ValueError as wrong:
        report.error(spec.place, f"review: full_scales: {wrong}; write fA as a number", code="full_scales")
        return Rules()
