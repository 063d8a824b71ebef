"""Pressure permits and supplies: may a switch be opened, by what the gauges say now (safety rules 5 and 7).

A gauge that is not there, or whose value is older than three of its periods, is no permission.
"""

from __future__ import annotations

from collections.abc import Mapping

from zope.interface import Interface, implementer

from pychron.config.problems import Report
from pychron.expressions.language import Expression, ExpressionError, Missing, parse
from pychron.extraction_line.machine.line_state import Line
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import State

REMEDY = "write it as positive_interlock, which is held on the node that drives it"
"""Of a supply that is a switch of another node."""


class IReadings(Interface):
    """Values of gauges and sensors of this node."""

    def fresh() -> Mapping[str, float]:
        """Values by name that are not older than three of their periods and not in error."""


@implementer(IReadings)
class NoReadings:
    """A node without gauges."""

    def fresh(self) -> Mapping[str, float]:
        """Nothing."""
        return {}


def read_permits(spec: LineSpec, report: Report) -> dict[str, Expression]:
    """Permit of each switch that names one, the supply's minimum included; what cannot be read is an error."""
    found: dict[str, Expression] = {}
    for switch in spec.switches:
        parts = [switch.permit] if switch.permit else []
        if switch.supply and switch.supply_minimum and switch.supply not in spec.by_name:
            parts.append(f"{switch.supply} >= {switch.supply_minimum.split()[0]}")
        if not parts:
            continue
        try:
            found[switch.name] = parse(" and ".join(f"({part})" for part in parts))
        except ExpressionError as problem:
            report.error(switch.place, f"{switch.name}: {problem}", touches=(switch.name,), code="permit")
    return found


class Permits:
    """What permits and supplies say, switch by switch."""

    def __init__(self, line: Line, expressions: Mapping[str, Expression], readings: IReadings) -> None:
        self._line = line
        self._expressions = expressions
        self.readings = readings

    def __call__(self, name: str) -> str:
        """Why not; empty where nothing is against it."""
        spec = self._line.switches[name].spec
        supply = self._line.switches.get(spec.supply) if spec.supply else None
        if supply is None:
            return self.judged(spec, None, surely_open=False)
        return self.judged(spec, supply.state, supply.is_surely(State.OPEN))

    def judged(self, spec: SwitchSpec, supply: State | None, surely_open: bool) -> str:
        """The same of any switch of the file, whoever drives it. `supply` is None where it is no switch that is known here."""
        if supply is not None and not surely_open:
            return f"its supply {spec.supply} is {supply}; it must be confirmed open"
        if spec.supply and supply is None and not spec.supply_minimum:
            return f"its supply {spec.supply} is no switch of this node, so nobody here knows it; {REMEDY}"
        expression = self._expressions.get(spec.name)
        if expression is None:
            return "" if not spec.permit else f"its permit {spec.permit} cannot be read; mend the file"
        try:
            allowed = expression.holds(self.readings.fresh())
        except Missing as missing:
            return f"its permit {expression.source} needs {missing.name}, which has no fresh value"
        return "" if allowed else f"its permit {expression.source} does not hold now"
