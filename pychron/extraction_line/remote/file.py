"""How a valve controller is reached, from its device file (`klass: RemoteExtractionLineManager`). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pychron.config.device_file import COMMUNICATIONS, GENERAL, DeviceFile
from pychron.config.fields import Fields
from pychron.config.problems import Place, Report

COMMAND_PORT = 1061
PUBLISH_PORT = 5555
TIMEOUT_S = 2.0
LATE_S = 5.0


@dataclass(frozen=True, slots=True)
class Polls:
    """How often the status monitor asks. Times in wire seconds, the rest in ticks; 0 = never."""

    update_period_s: float = 1.0
    state_freq: int = 3
    checksum_freq: int = 3
    lock_freq: int = 5
    owner_freq: int = 5

    @property
    def read_period_s(self) -> float:
        """Time between two readings of the states; what is older is not fresh."""
        return self.update_period_s * max(1, self.state_freq)


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """One valve controller as this node is to reach it."""

    name: str
    """The device's name: what `actuator` in the valves file says."""
    host: str
    port: int
    place: Place
    """Where the host stands: what is told when it does not answer."""
    timeout_s: float = TIMEOUT_S
    """For a query; an actuation gets the switch's settling and check times on top."""
    publish_port: int = PUBLISH_PORT
    """Where it broadcasts (its snapshots are one port higher); 0 = it is only polled."""
    late_s: float = LATE_S
    """An installed server carries out nothing later than this after it was asked."""
    accept_simulated: bool = False
    """A real node talks to a simulated controller, or a simulated one to a real, only where this is true (safety rule 21)."""
    polls: Polls = Polls()

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.name} at {self.address} ({self.place})"


def read_remote(device: DeviceFile, report: Report) -> RemoteSettings | None:
    """The settings, or None where the file names no host. Problems go to `report`."""
    link = device.fields(COMMUNICATIONS, report)
    general = device.fields(GENERAL, report)
    host = link.host()
    if not host:
        link.wrong("host", f"has no host; write the address of the valve controller that {device.name} is")
        return None
    if link.choice("kind", "TCP", ("TCP", "UDP")) == "UDP":
        link.wrong("kind", "kind = UDP: commands go over TCP only; write kind = TCP")

    def ticks(key: str, default: int) -> int:
        return _holder(key, link, general).integer(key, default, minimum=0, maximum=86400)

    period = _holder("update_period", link, general)
    return RemoteSettings(
        name=device.name,
        host=host,
        port=link.port(default=COMMAND_PORT),
        place=link.place_of("host"),
        timeout_s=link.seconds("timeout", TIMEOUT_S, maximum=600.0),
        publish_port=_holder("publish_port", link, general).port("publish_port", PUBLISH_PORT, zero=True),
        late_s=_holder("late_s", link, general).seconds("late_s", LATE_S, maximum=600.0),
        accept_simulated=_holder("accept_simulated", link, general).flag("accept_simulated", default=False),
        polls=Polls(
            update_period_s=period.seconds("update_period", 1.0, maximum=3600.0),
            state_freq=ticks("state_freq", 3),
            checksum_freq=ticks("checksum_freq", 3),
            lock_freq=ticks("lock_freq", 5),
            owner_freq=ticks("owner_freq", 5),
        ),
    )


def _holder(key: str, link: Fields, general: Fields) -> Fields:
    """A flat file and one with sections put our own keys into different ones."""
    return link if key in link else general
