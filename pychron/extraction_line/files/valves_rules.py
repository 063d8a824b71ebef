"""What cannot stand together in a valves file (safety rule 10): each fault is an error that touches its switches.

Interlocks are taken both ways. A waived fault becomes a warning and touches nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pychron.config.fields import Fields, Value
from pychron.config.problems import Report, nearest
from pychron.extraction_line.specs import PipetteSpec, SwitchSpec
from pychron.extraction_line.states import Kind


def _any_address(address: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class ActuatorFacts:
    """What the checks must know of a device that switches may name."""

    name: str
    """The device's own name: what a switch's `actuator` becomes."""
    by_name: bool = False
    """It addresses a switch by name (a valve controller): an address is not needed."""
    validate: Callable[[str], str] = _any_address
    """Empty where an address can be one of this driver's, else what to write instead."""
    fault: str = ""
    """Why the device cannot be used, as FILE:LINE: text; empty where it can."""
    where: tuple[str, ...] = ()
    """The one instrument that it is, by driver and port; empty where that cannot be told."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A switch as read, with the lines of its keys."""

    spec: SwitchSpec
    fields: Fields

    def values(self, key: str) -> Sequence[Value]:
        return self.fields.values.get(key, ())


@dataclass(frozen=True, slots=True)
class Checks:
    """All drafts of a file by name, and how its format writes an interlock."""

    drafts: Mapping[str, Draft]
    pipettes: Sequence[PipetteSpec]
    actuators: Mapping[str, ActuatorFacts] | None
    report: Report
    xml: bool

    def run(self) -> None:
        """Report every fault."""
        for draft in self.drafts.values():
            self._names(draft, "interlock")
            self._names(draft, "positive_interlock")
            self._names(draft, "close_requires")
            self._supply(draft)
            self._actuator(draft)
            self._parent(draft)
        self._devices()
        self._addresses()
        self._one_sided()
        self._contradictions()
        self._descriptions()
        self._pipette_interlocks()

    def _paste(self, key: str, name: str) -> str:
        return f"<{key}>{name}</{key}>" if self.xml else f"{key}: {name}"

    def _names(self, draft: Draft, key: str) -> None:
        """Each name in `key` is a switch, and another one."""
        spec = draft.spec
        for value in draft.values(key):
            name = value.text.strip()
            if name == spec.name:
                draft.fields.wrong(key, f"{key} {name} is the switch itself; delete it", value.place, name)
            elif name and name not in self.drafts:
                draft.fields.wrong(
                    key, f"{key} {name} is no switch of this file{self._hint(name)}", value.place, name
                )

    def _hint(self, name: str) -> str:
        for other in self.drafts.values():
            if other.spec.description.casefold() == name.casefold():
                return f"; it is the description of {other.spec.name}: write {other.spec.name}"
        if any(p.name == name for p in self.pipettes):
            return "; it is a pipette: write the name of one of its valves"
        if "," in name and all(n.strip() in self.drafts for n in name.split(",")):
            return "; write each name by itself"
        return nearest(name, self.drafts)

    def _supply(self, draft: Draft) -> None:
        spec, fields = draft.spec, draft.fields
        if spec.supply == spec.name and spec.supply:
            fields.wrong("supply", f"supply {spec.supply} is the switch itself; delete it")
        elif spec.supply and spec.supply not in self.drafts and not spec.supply_minimum:
            fields.wrong(
                "supply",
                f"supply {spec.supply} is no switch of this file{nearest(spec.supply, self.drafts)}; "
                "where it is a gauge, write supply_minimum too",
            )
        elif spec.supply_minimum and not spec.supply:
            fields.wrong(
                "supply_minimum", "supply_minimum stands without supply; write which gauge or switch it is"
            )

    def _actuator(self, draft: Draft) -> None:
        spec, fields = draft.spec, draft.fields
        if spec.kind is Kind.MANUAL_VALVE or self.actuators is None:
            return
        if spec.state_device and spec.state_device not in self.actuators:
            fields.wrong(
                "state_device",
                f"state_device {spec.state_device} is no device of this root{nearest(spec.state_device, self.actuators)}",
            )
        facts = self.actuators.get(spec.actuator)
        if facts is None or facts.fault:
            return  # told once for all its switches
        if not spec.address:
            if not facts.by_name:
                fields.wrong("address", f"has no address; write the one that {spec.actuator} drives")
            return
        for part in _parts(spec):
            why = facts.validate(part)
            if why:
                fields.wrong("address", f"address {part} is none of {spec.actuator}: {why}")

    def _devices(self) -> None:
        """An actuator that is missing or broken: one error for all that name it."""
        if self.actuators is None:
            return
        users: dict[str, list[Draft]] = {}
        for draft in self.drafts.values():
            if draft.spec.kind is not Kind.MANUAL_VALVE:
                users.setdefault(draft.spec.actuator, []).append(draft)
        for name, drafts in users.items():
            facts = self.actuators.get(name)
            if facts is not None and not facts.fault:
                continue
            why = (
                f"is no device of this root{nearest(name, self.actuators)}; "
                f"write devices/{name}.yaml and list it in initialization.xml"
                if facts is None
                else f"cannot be used: {facts.fault}"
            )
            more = f" (and {len(drafts) - 1} more)" if len(drafts) > 1 else ""
            self.report.error(
                drafts[0].fields.place_of("actuator"),
                f"{drafts[0].fields.what}{more}: its actuator {name} {why}",
                touches=[d.spec.name for d in drafts],
                code="actuator",
                value=name,
            )

    def _parent(self, draft: Draft) -> None:
        spec, fields = draft.spec, draft.fields
        if not spec.parent:
            return
        if spec.parent not in self.drafts:
            fields.wrong("parent", f"parent {spec.parent} is no switch of this file{self._hint(spec.parent)}")
            return
        if self.drafts[spec.parent].spec.kind is Kind.MANUAL_VALVE:
            fields.wrong(
                "parent",
                f"parent {spec.parent} is a manual valve: a hand turns it, and {spec.name} would not follow; "
                "delete the parent",
            )
            return
        path = [spec.name]
        while (up := self.drafts[path[-1]].spec.parent) in self.drafts:
            if up == spec.name:
                fields.wrong(
                    "parent", f"is its own parent: {' -> '.join([*path, up])}; delete one of these parents"
                )
                return
            if up in path:
                return  # above it others go round; they are told
            path.append(up)

    def _addresses(self) -> None:
        """No two switches on one actuator have one address; no two read their position at one."""
        seen: dict[tuple[str, ...], Draft] = {}
        read: dict[tuple[str, str], Draft] = {}
        for draft in self.drafts.values():
            spec = draft.spec
            if spec.kind is Kind.MANUAL_VALVE:
                continue
            for part in _parts(spec):
                first = seen.setdefault((*self._instrument(spec.actuator), part), draft)
                if first is not draft:
                    self.report.error(
                        draft.fields.place_of("address"),
                        f"{spec.kind} {spec.name}: address {part} of {spec.actuator} is also that of {first.spec.name} "
                        f"(line {first.fields.place_of('address').line}); write the right one",
                        touches=(first.spec.name, spec.name),
                        code="double_address",
                        value=part,
                    )
            if spec.state_address:
                first = read.setdefault((spec.state_device or spec.actuator, spec.state_address), draft)
                if first is not draft:
                    draft.fields.doubtful(
                        "state_address",
                        f"its position is read where that of {first.spec.name} is read "
                        f"({spec.state_device or spec.actuator} {spec.state_address})",
                    )

    def _instrument(self, actuator: str) -> tuple[str, ...]:
        """Two device files may lead to one instrument."""
        facts = self.actuators.get(actuator) if self.actuators is not None else None
        return (facts.where if facts is not None else ()) or (actuator,)

    def _one_sided(self) -> None:
        for name, draft in self.drafts.items():
            for value in draft.values("interlock"):
                other = self.drafts.get(value.text.strip())
                if other is not None and other is not draft and name not in other.spec.interlocks:
                    draft.fields.doubtful(
                        "interlock",
                        f"interlock {other.spec.name} is one-sided and taken both ways; "
                        f"add {self._paste('interlock', name)} to {other.spec.name} (line {other.spec.place.line})",
                        value.place,
                    )

    def _contradictions(self) -> None:
        """What can never be opened, or is opened against its own interlock."""
        for name, draft in self.drafts.items():
            partners = set(draft.spec.interlocks) | {
                n for n, d in self.drafts.items() if name in d.spec.interlocks
            }
            for value in draft.values("positive_interlock"):
                other = value.text.strip()
                if other in partners and other != name:
                    self._contradict(
                        draft, other, f"{other} must be both open and closed before it opens", value
                    )
                elif (
                    other in self.drafts
                    and name in self.drafts[other].spec.positive_interlocks
                    and name < other
                ):
                    self._contradict(
                        draft, other, f"it and {other} each wait for the other to open first", value
                    )
            turned = False
            path = [name]
            while (up := self.drafts[path[-1]].spec.parent) in self.drafts and up not in path:
                turned ^= self.drafts[path[-1]].spec.parent_inverted
                path.append(up)
                if up in partners and not turned:
                    self._contradict(
                        draft, up, f"opens with its parent {up}, with which it is interlocked", None
                    )
                if turned and (
                    up in draft.spec.positive_interlocks or name in self.drafts[up].spec.positive_interlocks
                ):
                    self._contradict(
                        draft, up, f"turns against its parent {up}, yet one waits for the other", None
                    )

    def _contradict(self, draft: Draft, other: str, text: str, value: Value | None) -> None:
        self.report.error(
            value.place if value is not None else draft.fields.place_of("parent"),
            f"{draft.fields.what}: {text}; delete one of the two rules",
            touches=(draft.spec.name, other),
            code="contradiction",
            value=other,
        )

    def _descriptions(self) -> None:
        seen: dict[str, Draft] = {}
        for draft in self.drafts.values():
            text = draft.spec.description.casefold()
            if text and seen.setdefault(text, draft) is not draft:
                first = seen[text].spec
                draft.fields.doubtful(
                    "description",
                    f"description {draft.spec.description!r} is also that of {first.name} (line {first.place.line}): "
                    "a script that asks for it cannot tell them apart",
                )

    def _pipette_interlocks(self) -> None:
        for pipette in self.pipettes:
            inner, outer = self.drafts[pipette.inner].spec, self.drafts[pipette.outer].spec
            if outer.name not in inner.interlocks and inner.name not in outer.interlocks:
                self.report.warning(
                    pipette.place,
                    f"pipette {pipette.name}: {inner.name} and {outer.name} are not interlocked, both open pour the tank "
                    f"into the line; add {self._paste('interlock', outer.name)} to {inner.name} (line {inner.place.line}) "
                    f"and {self._paste('interlock', inner.name)} to {outer.name} (line {outer.place.line})",
                    touches=(inner.name, outer.name),
                    code="pipette_interlock",
                )


def _parts(spec: SwitchSpec) -> list[str]:
    if spec.kind is Kind.DOUBLE_ACTUATION_VALVE:
        return [p for part in spec.address.split(",") if (p := part.strip())]
    return [spec.address] if spec.address else []
