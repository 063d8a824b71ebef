"""Why an actuation did not happen, or is not known to have happened: typed, with data; text is made at the edge."""

from __future__ import annotations


class LineError(Exception):
    """Any refusal or failure of the extraction line. `switch` is the one that the request or plan stumbled on."""

    retry = False
    """True where a script may try again (fault 010, read-back mismatch): safety rule 14."""
    remedy = ""

    def __init__(self, switch: str, why: str = "") -> None:
        super().__init__(switch, why)
        self.switch = switch
        self.why = why

    def __str__(self) -> str:
        return f"{self.switch}: {self.why}" if self.why else self.switch


class UnknownSwitch(LineError):
    """No switch of that name or description."""


class OutOfService(LineError):
    """A fault in a file touches it: it may be closed, never opened."""


class Disabled(LineError):
    """Taken out of use by its file, a person or a pressure trip."""


class NotOwner(LineError):
    """Claimed by somebody else, or its lease was lost (orphaned), or an older token was shown."""


class Interlocked(LineError):
    """A partner is open, unknown, moving or pending; or a positive interlock is not confirmed open."""


class Held(LineError):
    """Closing would break a dependant: a positive interlock, a supply, a mechanical rule."""


class NotPermitted(LineError):
    """A pressure permit says no, or its gauge has no fresh value."""


class Locked(LineError):
    """Soft locked, and not already in the state asked for."""


class Starting(LineError):
    """The first read-back has not come yet: opening waits for it."""

    retry = True


class TooLate(LineError):
    """It waited longer than its client, or the peer is gone: nothing was driven."""

    retry = True


class Superseded(LineError):
    """A newer command for the same switch took its place."""


class Stopping(LineError):
    """The node is being stopped: nothing was driven; it can be asked again when it is back."""

    retry = True


class NotStored(LineError):
    """The intent could not be written to disk: opening is refused, closing goes on."""


class NoResponse(LineError):
    """The hardware did not answer: the state is unknown."""

    retry = True


class Mismatch(LineError):
    """The read-back says otherwise, or the device refused."""

    retry = True


class ChildFailed(LineError):
    """The switch was turned and one of its children was not. An alarm stands."""


class NotConfirmed(LineError):
    """A manual valve: no person has declared it yet. Asking again waits for that."""

    retry = True


class PeerLost(LineError):
    """The node that owns the switch cannot be reached: its state is unknown."""

    retry = True
