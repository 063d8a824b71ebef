"""What the reduction offers on a node: the running sample and the control charts, for the live page."""

from __future__ import annotations

from zope.interface import Interface

from pychron.pipeline.events import ControlChart, Panel, RepositoryFollowed, RunningSample


class IRunningSample(Interface):
    """Answers from memory, at once. `RunningSampleChanged` on the bus says when to ask again."""

    def current() -> RunningSample | None:
        """The sample of the newest unknown that was reduced; None before the first."""

    def panels() -> tuple[Panel, ...]:
        """Its spectrum, isochron and ideogram as far as they have grown."""

    def charts() -> tuple[ControlChart, ...]:
        """Control charts of blanks, airs and sensitivity, by name."""

    def repositories() -> tuple[RepositoryFollowed, ...]:
        """How each followed repository stands with its remote."""
