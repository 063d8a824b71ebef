"""Switches as a valve controller of ours tells them (`ListValves`, broadcasts, snapshots), read with suspicion. Pure.

What is missing or makes no sense is unknown, never closed; a switch without a name, or a reply that is no list of
switches, is refused as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pychron.config.problems import nearest
from pychron.extraction_line.errors import UnknownSwitch
from pychron.extraction_line.states import Kind, Lock, State, SwitchView
from pychron.hardware.interfaces import Evidence


class BadReply(ValueError):
    """What came is no answer to what was asked."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What a switch is bound to in its own controller's file, and how long it takes."""

    interlocks: tuple[str, ...] = ()
    """Both ways, as the controller enforces them."""
    positive_interlocks: tuple[str, ...] = ()
    parent: str = ""
    parent_inverted: bool = False
    settling_s: float = 0.0
    """Settling and check times of the whole plan that turns it."""


@dataclass(frozen=True, slots=True)
class RemoteSwitch:
    """One switch as its controller told it."""

    view: SwitchView
    ties: Ties = Ties()


@dataclass(frozen=True, slots=True)
class RemotePicture:
    """The whole line of one controller at its broadcast number `seq` (None where it counts none)."""

    node: str
    boot: str
    seq: int | None
    simulated: bool
    switches: Mapping[str, RemoteSwitch]
    alarms: tuple[str, ...] = ()
    pipettes: tuple[Mapping[str, Any], ...] = field(default=())


def read_picture(reply: object, node: str = "") -> RemotePicture:
    """A reply to ListValves, or a snapshot of the line. Raises BadReply."""
    if not isinstance(reply, Mapping) or not isinstance(reply.get("valves"), list):
        raise BadReply("ListValves gave no list of valves")
    name = _text(reply, "node") or node
    switches: dict[str, RemoteSwitch] = {}
    for entry in reply["valves"]:
        switch = read_switch(entry, name)
        switches[switch.view.name] = switch
    seq = reply.get("seq")
    pipettes = reply.get("pipettes")
    return RemotePicture(
        node=name,
        boot=_text(reply, "boot"),
        seq=seq if isinstance(seq, int) and not isinstance(seq, bool) else None,
        simulated=reply.get("simulated") is True,
        switches=switches,
        alarms=_texts(reply.get("alarms")),
        pipettes=tuple(p for p in pipettes if isinstance(p, Mapping)) if isinstance(pipettes, list) else (),
    )


def read_switch(entry: object, node: str = "") -> RemoteSwitch:
    """One element of `valves`. Raises BadReply where it has no name."""
    view = read_view(entry, node)
    assert isinstance(entry, Mapping)
    return RemoteSwitch(
        view,
        Ties(
            interlocks=_texts(entry.get("interlocks")),
            positive_interlocks=_texts(entry.get("positive_interlocks")),
            parent=_text(entry, "parent"),
            parent_inverted=entry.get("parent_inverted") is True,
            settling_s=max(0.0, _number(entry.get("settling_s")) or 0.0),
        ),
    )


def read_view(entry: object, node: str = "") -> SwitchView:
    """The state part of an element, as broadcasts carry it. Raises BadReply where it has no name."""
    if not isinstance(entry, Mapping) or not _text(entry, "name"):
        raise BadReply("a switch without a name")
    lock = entry.get("lock")
    evidence = _text(entry, "evidence")
    return SwitchView(
        name=_text(entry, "name"),
        kind=_one_of(Kind, entry.get("kind"), Kind.VALVE),
        description=_text(entry, "description"),
        state=_one_of(State, entry.get("state"), State.UNKNOWN),
        evidence=Evidence(evidence) if evidence in tuple(Evidence) else None,
        read_at=_number(entry.get("read_at")),
        age_s=_age(_number(entry.get("age_s"))),
        lock=_lock(lock) if isinstance(lock, Mapping) else None,
        owner=_text(entry, "owner"),
        orphaned=entry.get("orphaned") is True,
        in_service=entry.get("in_service") is not False,
        enabled=entry.get("enabled") is not False,
        under_way=_text(entry, "under_way"),
        faults=_texts(entry.get("faults")),
        node=node,
        stale=entry.get("stale") is True,
    )


def _lock(entry: Mapping[str, Any]) -> Lock:
    return Lock(_text(entry, "who"), _text(entry, "why"), _number(entry.get("when")) or 0.0)


def read_lock(reply: object) -> Lock:
    """The answer to Lock. Raises BadReply."""
    if not isinstance(reply, Mapping):
        raise BadReply("Lock gave no lock")
    return _lock(reply)


def _one_of(kind: Any, value: object, otherwise: Any) -> Any:
    return kind(value) if isinstance(value, str) and value in tuple(kind) else otherwise


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _age(value: float | None) -> float | None:
    return None if value is None else max(0.0, value)


def find(name: str, description: str, views: Mapping[str, SwitchView], where: object) -> str:
    """A switch by name, by description, or by both. Raises UnknownSwitch with the nearest."""
    if name and not description:
        if name in views:
            return name
        raise UnknownSwitch(name, f"no switch of that name on {where}{nearest(name, views)}")
    found = [n for n, v in views.items() if v.description == description and name in ("", n)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownSwitch(description, f"{' and '.join(found)} are both described so; use the name")
    hint = nearest(description, (v.description for v in views.values() if v.description))
    raise UnknownSwitch(description or name, f"no switch is described so on {where}{hint}")
