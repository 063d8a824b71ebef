"""How many connections a listener takes, and from whom (decisions "Exposure" 4). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from pychron.trust.addresses import UNIX, is_loopback


@dataclass(slots=True)
class Doorkeeper:
    """Counts who is in. `privileged` are the node's own socket and those who hold a claim: for them
    `kept_free` places are left of all, and as many more at their own address."""

    most: int = 2000
    most_an_address: int = 64
    kept_free: int = 8
    inside: int = 0
    _by_address: dict[str, int] = field(default_factory=dict)

    def admit(self, address: str, privileged: bool) -> bool:
        """Take one more, or not. Whoever was let in is reported by `left`."""
        if self._here_enough(address, privileged) or self._inside_enough(privileged):
            return False
        self.inside += 1
        self._by_address[address] = self._by_address.get(address, 0) + 1
        return True

    def could_come(self, address: str, privileged: bool) -> bool:
        """True where it would be let in if one of all were gone."""
        return self._inside_enough(privileged) and not self._here_enough(address, privileged)

    def _inside_enough(self, privileged: bool) -> bool:
        return self.inside >= self.most - (0 if privileged else self.kept_free)

    def _here_enough(self, address: str, privileged: bool) -> bool:
        most_here = self.most_an_address + (self.kept_free if privileged else 0)
        return self._by_address.get(address, 0) >= most_here and not _is_this_machine(address)

    def left(self, address: str) -> None:
        """One that was admitted is gone."""
        self.inside -= 1
        here = self._by_address[address] - 1
        if here:
            self._by_address[address] = here
        else:
            del self._by_address[address]


def _is_this_machine(address: str) -> bool:
    return address == UNIX or is_loopback(address)
