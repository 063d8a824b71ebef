"""What an actuation moves, in which order (safety rule 6). Pure.

Closings come first, dependants before what they depend on; then openings, a parent before its children: at no
point of a plan is more open than before it or after it.
"""

from __future__ import annotations

from collections.abc import Mapping

from pychron.extraction_line.machine.line_state import Line
from pychron.extraction_line.states import Action

Step = tuple[str, Action]


def expand(line: Line, name: str, action: Action) -> tuple[Step, ...]:
    """The switch and, recursively, its children; inverted ones turn the other way. Each switch once."""
    if not line.children[name]:
        return ((name, action),)
    turns: dict[str, Action] = {}

    def walk(switch: str, turn: Action) -> None:
        if switch in turns:
            return
        turns[switch] = turn
        for child in line.children[switch]:
            walk(child, turn.other if line.switches[child].spec.parent_inverted else turn)

    walk(name, action)
    closings = [s for s in turns if turns[s] is Action.CLOSE]
    openings = [s for s in turns if turns[s] is Action.OPEN]
    ordered: list[str] = []

    def close_after_dependants(switch: str, path: tuple[str, ...]) -> None:
        if switch in ordered or switch in path:
            return
        for dependant in line.dependants[switch]:
            if dependant in closings:
                close_after_dependants(dependant, (*path, switch))
        ordered.append(switch)

    for switch in closings:
        close_after_dependants(switch, ())
    return tuple((s, turns[s]) for s in (*ordered, *openings))


def earlier(plan: tuple[Step, ...], name: str) -> Mapping[str, Action]:
    """What the plan has done by the time it turns `name`."""
    done: dict[str, Action] = {}
    for switch, action in plan:
        if switch == name:
            break
        done[switch] = action
    return done
