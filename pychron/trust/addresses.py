"""Rights of plain peers by their address, until identities exist (decisions "Exposure" 1, 3). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from pychron.trust.rights import Right

UNIX = "unix"
"""The address of whoever comes through the node's own socket."""

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def read_network(text: str) -> Network | None:
    """`192.168.1.7` or `192.168.1.0/24`, bits behind the prefix allowed; None where it is neither."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def read_address(text: str) -> Address | None:
    """An address as a transport tells it: without a zone, and IPv4 in IPv6 as the IPv4 that it is."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_loopback(host: str) -> bool:
    """True where only this machine reaches a listener on `host`."""
    if host == "localhost":
        return True
    address = read_address(host)
    return address is not None and address.is_loopback


@dataclass(frozen=True, slots=True)
class Rights:
    """Who may do what on one listener."""

    networks: tuple[Network, ...] = ()
    """From where a plain peer may operate, besides this machine itself."""
    anyone: bool = False
    """`allow: any`: the openness of installed servers."""
    said: bool = False
    """True where the file names the networks, False where they are those of this machine's interfaces."""

    def of(self, address: str) -> Right:
        """The right of a peer at `address`."""
        if address == UNIX:
            return Right.ADMINISTER
        if self.anyone:
            return Right.OPERATE
        found = read_address(address)
        if found is None:
            return Right.OBSERVE
        if found.is_loopback or any(found in network for network in self.networks):
            return Right.OPERATE
        return Right.OBSERVE

    def remedy(self, address: str, file: str) -> str:
        """What the person behind a refused peer has to write, and where."""
        if self.said:
            return f"to let it, add {address} to the list allow: in {file}"
        return f"to let it, write allow: [{address}] in {file}; that replaces the default, this machine's own networks"


def rights_for(host: str, allow: Iterable[Network] | None, anyone: bool, interfaces: Iterable[str]) -> Rights:
    """The rights of a listener on `host`. `allow` None: the file has no list, so this machine's own subnets hold.

    `interfaces` are its addresses in CIDR form. A point-to-point or host prefix allows that one address only, and
    a prefix of 0 allows nothing: a subnet that is the whole world is a mistake of somebody's set-up.
    """
    if anyone:
        return Rights(anyone=True, said=True)
    if allow is not None:
        return Rights(tuple(allow), said=True)
    if is_loopback(host):
        return Rights()
    networks = [network for text in interfaces if (network := read_network(text)) is not None]
    return Rights(tuple(n for n in networks if n.prefixlen > 0 and not n.is_loopback))
