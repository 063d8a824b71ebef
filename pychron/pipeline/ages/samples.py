"""Which analyses belong together: the steps of one heated aliquot, the grains of one identifier. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pychron.pipeline.batch import Row


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows that make one age, in the order in which they were measured."""

    label: str
    """`27257` for grains, `66001-02` for the steps of an aliquot"""
    identifier: str
    aliquot: int | None
    """None where several aliquots are together"""
    rows: tuple[Row, ...]

    @property
    def is_stepped(self) -> bool:
        """Whether it was heated in steps: only then it may have a plateau."""
        return self.aliquot is not None

    @property
    def good(self) -> tuple[Row, ...]:
        """The rows that may go into a mean."""
        return tuple(row for row in self.rows if row.good)

    @property
    def name(self) -> str:
        """What the laboratory calls it."""
        return self.rows[0].analysis.sample


def samples_of(rows: Sequence[Row]) -> list[Sample]:
    """Rows with a step letter by identifier and aliquot, the others by identifier; by identifier, then by aliquot."""
    groups: dict[tuple[str, int | None], list[Row]] = {}
    for row in rows:
        one = row.analysis
        groups.setdefault((one.identifier, None if one.increment is None else one.aliquot), []).append(row)
    return [
        Sample(
            identifier if aliquot is None else f"{identifier}-{aliquot:02d}",
            identifier,
            aliquot,
            tuple(sorted(members, key=lambda row: (row.analysis.time, row.analysis.increment or 0))),
        )
        for (identifier, aliquot), members in sorted(
            groups.items(), key=lambda item: (item[0][0], item[0][1] or 0)
        )
    ]
