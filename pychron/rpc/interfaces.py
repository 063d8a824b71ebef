"""What the command server offers other areas, and what it wants of them."""

from __future__ import annotations

from zope.interface import Interface, classImplements

from pychron.rpc.verbs import Call, Verb, VerbTable


class IVerbs(Interface):
    """The node's one table of verbs: an area registers its own during set-up, before the port is open."""

    def register(*verbs: Verb) -> None:
        """Raises ValueError for a name that is taken."""

    def get(name: str) -> Verb | None:
        """None where there is no such verb."""

    def names() -> tuple[str, ...]:
        """Sorted."""

    def all() -> tuple[Verb, ...]:
        """By name."""


# The table is pure and knows no interface; whoever asks for one gets the table.
classImplements(VerbTable, IVerbs)


class IOwners(Interface):
    """Offered by whoever grants claims: an owner is never disconnected for being idle, and finds room in a full house."""

    def is_owner(address: str) -> bool:
        """True while somebody at `address` holds a claim. From memory."""

    def heard(address: str) -> None:
        """A client at `address` that names no session has asked something: any request renews its lease."""


class IAudit(Interface):
    """Offered by whoever keeps the audit. What an actuation did is audited by the line itself, in its transaction."""

    def refused(call: Call, why: str) -> None:
        """The command server turned a request away that would have moved something: right, late, superseded."""
