"""The device that heats or moves for a script, as scripts command it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zope.interface import Interface


class IExtractDevice(Interface):
    """A laser or furnace by the name that queues use. It carries its own limits, leases and proofs."""

    async def command(name: str, args: Mapping[str, Any]) -> Any:
        """One of commands.DEVICE, its defaults filled in from the run's context. Returns a JSON value; raises
        script_errors.ScriptError with what the person must do. Cancelled when the script is; what switches
        off or lets go is not, and goes on to its end."""
