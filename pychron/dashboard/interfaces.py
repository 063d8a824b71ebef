"""What the dashboard offers the node, and what it wants of a room that may be absent: a queue to hold."""

from __future__ import annotations

from zope.interface import Interface

from pychron.dashboard.events import ConditionView, ValueView
from pychron.dashboard.specs import ConditionSpec, DashboardSpec


class IDashboard(Interface):
    """The values of this node's own dashboard. It is offered also where a malformed file keeps it from running."""

    def faults() -> tuple[str, ...]:
        """Why it does not run, each as FILE:LINE: text; empty where it does."""

    def spec() -> DashboardSpec | None:
        """What its file says; None where there is none that can be used."""

    def values() -> tuple[ValueView, ...]:
        """In file order."""

    def value(name: str) -> ValueView:
        """By `DEVICE.VALUE`. KeyError where there is none."""

    def conditions() -> tuple[ConditionView, ...]:
        """In file order, tripped or not."""

    def condition(name: str) -> ConditionSpec:
        """What the file says of a condition. KeyError."""


class IDashboardClient(Interface):
    """The values of the dashboard servers that this node follows."""

    def values() -> tuple[ValueView, ...]:
        """In the servers' order, then in file order."""

    def value(name: str) -> ValueView:
        """By `DEVICE.VALUE`; the first server that has it. KeyError."""

    def error() -> str:
        """Why a queue must not start or go on, as far as the dashboard knows; empty where it may.

        A critical condition that stands, or a server that is lost while `use_dashboard_client` is on.
        """

    def clear() -> None:
        """A person has seen what installed servers told: they never say that it is over."""


class IHoldsQueue(Interface):
    """The queue of this node, as an action or a condition holds it. Owned here: the executor provides it."""

    async def hold(key: str, why: str) -> None:
        """Begin no further run, and stop at the next safe point; returns when that is certain.

        `key` names who holds: the same key again changes the reason only.
        """

    async def release(key: str) -> None:
        """This one holds no longer; the queue stays held while another key does."""

    def holders() -> dict[str, str]:
        """Why, by key; empty where nothing holds it."""
