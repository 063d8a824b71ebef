"""This node's valves file against the controller's own list (safety rule 22). Pure.

Scripts name valves by description: where the two files differ, a script may open another valve than its author
meant. A switch that differs is out of service here: shown, may be closed, never opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pychron.config.problems import Place
from pychron.extraction_line.remote.views import RemoteSwitch
from pychron.extraction_line.specs import LineSpec, SwitchSpec


@dataclass(frozen=True, slots=True)
class Difference:
    """One switch that the two files describe differently. `text` holds both versions and the remedy."""

    switch: str
    text: str
    place: Place

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def compare(
    own: LineSpec, names: Collection[str], peer: Mapping[str, RemoteSwitch], who: str
) -> tuple[Difference, ...]:
    """Differences of the switches `names` of `own`, which are said to be those of the controller `who`.

    Ties to switches of other controllers cannot be known to this one and are left out.
    """
    found: list[Difference] = []
    for name in names:
        spec = own.by_name[name]
        switch = peer.get(name)
        if switch is None:
            text = f"{spec.kind} {name} is not known to {who}; give both files the same switches"
            found.append(Difference(name, text, spec.place))
            continue
        parts = _differing(own, spec, switch, names)
        parts += [
            f"it turns its child {other} there, which this node's file does not have"
            for other in unlisted(own, peer)
            if peer[other].ties.parent == name
        ]
        if parts:
            text = (
                f"{spec.kind} {name} differs from {who}: {'; '.join(parts)}; "
                "it is out of service until both files say the same"
            )
            found.append(Difference(name, text, spec.place))
    return tuple(found)


def unlisted(own: LineSpec, peer: Collection[str]) -> tuple[str, ...]:
    """Switches of the controller that this node's file does not name: nobody here can turn them."""
    return tuple(name for name in peer if name not in own.by_name)


def partners(own: LineSpec, name: str) -> tuple[str, ...]:
    """Interlocks of a switch, both ways, in order of name."""
    spec = own.by_name[name]
    others = {s.name for s in own.switches if name in s.interlocks}
    return tuple(sorted((others | {n for n in spec.interlocks if n in own.by_name}) - {name}))


def _differing(own: LineSpec, spec: SwitchSpec, switch: RemoteSwitch, names: Collection[str]) -> list[str]:
    view, ties = switch.view, switch.ties
    here = {
        "description": spec.description,
        "kind": str(spec.kind),
        "interlocks": _listed(n for n in partners(own, spec.name) if n in names),
        "positive interlocks": _listed(n for n in spec.positive_interlocks if n in names),
        "parent": _parent(spec.parent if spec.parent in names else "", spec.parent_inverted),
    }
    there = {
        "description": view.description,
        "kind": str(view.kind),
        "interlocks": _listed(ties.interlocks),
        "positive interlocks": _listed(ties.positive_interlocks),
        "parent": _parent(ties.parent, ties.parent_inverted),
    }
    return [
        f"{key} here {_quoted(here[key])}, there {_quoted(there[key])}"
        for key in here
        if here[key] != there[key]
    ]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(dict.fromkeys(names)))


def _parent(name: str, inverted: bool) -> str:
    return f"{name} (inverted)" if name and inverted else name


def _quoted(text: str) -> str:
    return repr(text) if text else "nothing"
