"""What the DVC plugin offers to its node."""

from __future__ import annotations

from zope.interface import Attribute, Interface


class IRepositories(Interface):
    """Where the laboratory's repositories are on this machine."""

    locations = Attribute("pychron.dvc.locations.Locations, as the root's file says")
