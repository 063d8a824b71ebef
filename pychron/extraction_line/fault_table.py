"""Which wire fault each error of the line becomes: one table, proven complete by a test. Pure."""

from __future__ import annotations

from pychron.extraction_line import errors
from pychron.extraction_line.states import Action
from pychron.rpc.faults import Fault

CODES: dict[type[errors.LineError], int] = {
    errors.UnknownSwitch: 5,
    errors.OutOfService: 15,
    errors.Disabled: 15,
    errors.NotOwner: 12,
    errors.Interlocked: 15,
    errors.Held: 15,
    errors.NotPermitted: 15,
    errors.Locked: 14,
    errors.Starting: 10,
    errors.TooLate: 10,
    errors.Superseded: 15,
    errors.Stopping: 10,
    errors.NotStored: 15,
    errors.NoResponse: 10,
    errors.Mismatch: 15,
    errors.ChildFailed: 15,
    errors.NotConfirmed: 15,
    errors.PeerLost: 10,
}


def fault(problem: errors.LineError, action: Action | None, peer: str, owner: str = "") -> Fault:
    """The fault that says it to any peer; our own read its kind and switch from the data."""
    code = CODES[type(problem)]
    made = Fault(
        code,
        f"{problem}" if code in (10, 15) else problem.why,
        name=problem.switch,
        action=str(action or ""),
        locker=owner,
        sender=peer,
    )
    made.data = {
        "kind": type(problem).__name__,
        "switch": problem.switch,
        "why": problem.why,
        "retry": problem.retry,
    }
    return made
