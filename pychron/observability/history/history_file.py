"""`setupfiles/history.yaml`: where history is kept, for how long, how often it is written. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pychron.config.fields import Fields
from pychron.config.problems import Report
from pychron.config.yaml_file import YamlTable, leaves, read_yaml

FILE = Path("setupfiles", "history.yaml")
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class HistorySpec:
    """What the file says; without it: a SQLite file in the node's state folder."""

    database: str = ""
    """`postgresql://USER@HOST/NAME`; empty: SQLite"""
    write_every_s: float = 20.0
    raw_days: float = 7.0
    """Each reading is kept so long; after that minutes of it"""
    minute_days: float = 365.0
    event_days: float = 365.0
    exchange_days: float = 7.0
    """What was said to instruments, and their answers; 0: not kept"""


def read_history(root: Path, report: Report) -> HistorySpec:
    """The file. Problems go to the report."""
    path = root / FILE
    if not path.exists():
        return HistorySpec()
    node = read_yaml(path, report)
    if not isinstance(node, YamlTable):
        if node is not None:
            report.error(node.place, "history: write keys here, such as `raw_days: 7`", code="yaml")
        return HistorySpec()
    fields = Fields(leaves(node), node.place, report, "history")
    plain = HistorySpec()
    database = fields.text("database")
    if database and not database.startswith("postgresql://"):
        fields.wrong(
            "database", "database: write postgresql://USER@HOST/NAME, or nothing for a file of the node"
        )
        database = ""
    found = HistorySpec(
        database,
        fields.seconds("write_every", plain.write_every_s, maximum=600.0),
        fields.number("raw_days", plain.raw_days, above=0.0),
        fields.number("minute_days", plain.minute_days, above=0.0),
        fields.number("event_days", plain.event_days, above=0.0),
        fields.number("exchange_days", plain.exchange_days, minimum=0.0),
    )
    if found.minute_days < found.raw_days:
        fields.wrong(
            "minute_days", "minute_days: minutes are what is left of readings; keep them at least as long"
        )
    fields.unknown(near_is_error=True)
    return found
