"""What a relay driver offers, and how an exchange with hardware can end.

Certain and uncertain ends are different types: only `NoAnswer` leaves the relay's state in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from zope.interface import Attribute, Interface

from pychron.runtime.values import frozen


class Evidence(StrEnum):
    """What a state rests on."""

    INDICATOR = "indicator"
    """A position switch."""
    RELAY = "relay"
    """The driver's echo of the relay that it commanded."""
    COMMANDED = "commanded"
    """Nothing can be read; the device acknowledged the command."""
    DECLARED = "declared"
    """A person said so."""


@frozen
class Mark:
    """When and on which connection an exchange took place: the order of two exchanges follows from their marks."""

    epoch: int
    """Number of the connection, larger for each; an exchange that got no answer ends its connection."""
    at: float
    """Wire seconds when its first byte was written."""


@frozen
class Reading:
    """What one address answered. `on` is True, False, or None where the answer made no sense."""

    on: bool | None
    mark: Mark
    busy: bool = False
    """A remote controller reports an actuation under way for this switch: the reading settles nothing."""


class HardwareError(Exception):
    """An exchange that did not succeed. `text` is for the person who must act."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotBegun(HardwareError):
    """The guard said no just before the first byte: nothing was written."""


class Unavailable(HardwareError):
    """The device could not be reached: nothing was written."""


class Rejected(HardwareError):
    """The device answered that it did not do it: nothing moved."""


class NoAnswer(HardwareError):
    """Something may have been written and nothing sensible came back: the outcome is unknown."""

    def __init__(self, text: str, mark: Mark) -> None:
        super().__init__(text)
        self.mark = mark


class IActuator(Interface):
    """Relays by address. Connecting to it, or building it, moves and resets nothing."""

    name = Attribute("the device's name")
    late_s = Attribute("seconds after which a command written to it can no longer take effect")
    readable = Attribute("True where `read` gives evidence")
    evidence = Attribute("the Evidence that a successful read gives (COMMANDED where not readable)")
    connected = Attribute("True while its channel is up")

    async def drive(address: str, on: bool, begin: Callable[[], bool], urgent: bool = False) -> Mark:
        """Command one relay. `begin` is called when its turn on the channel has come, just before the first
        byte: False means NotBegun. An `urgent` one (a close) is the next exchange on the channel.

        Returns the mark when the device acknowledged (or took, where it acknowledges nothing) the command.
        Raises NotBegun, Unavailable, Rejected, NoAnswer.
        """

    async def read(addresses: Sequence[str]) -> Mapping[str, Reading]:
        """Ask the hardware, in one exchange where it can. An address that it cannot read is absent.

        Raises Unavailable, NoAnswer.
        """

    def validate(address: str) -> str:
        """An empty text if `address` can be one of this driver's, else what to write instead."""

    async def close() -> None:
        """Give the device up. Moves nothing."""


class IEmulators(Interface):
    """Instruments that are not there: handed in by a simulated world, and outliving a node that dies."""

    def endpoint(device: Any) -> Any:
        """A stream (IStreamClientEndpoint) to the emulator of this device file's klass; None where there is none."""

    def relays(device_name: str, readable: bool = True) -> IActuator:
        """A generic relay bank under this name, for a klass that has no emulator."""

    def numbers(device_name: str) -> Any:
        """A generic meter under this name (IReadable): any name can be read, in [0, 1)."""
