"""The one table of wire faults: number and text as installed peers know them (spec of the remote protocol)."""

from __future__ import annotations

TEXTS: dict[int, str] = {
    1: "invalid pyscript {path} does not exist",
    2: "func call problem: err= {err} args= {data}",
    3: "invalid command: {command}",
    4: "invalid arguments: {command} {detail}",
    5: "{name} is not a registered valve name",
    6: "Invalid valve group - {name}",
    7: "manager unavaliable: {manager}",
    8: "device {name} not connected",
    9: "{ip} is not a registered ip address",
    10: "no response from device",
    11: "could not communicate with pychron through {path}. socket.error = {err}",
    12: "Access restricted to {name} ({locker}). You are {sender}",
    13: "Not an approved ip address {addr}",
    14: "Valve {name} is software locked",
    15: "Valve {name} failed to actuate {action}",
    16: "{controller} {gauge} not available",
    101: "Failed communication with logic board",
    102: "Laser failed to enable {reason}",
    103: "Laser failed to disable {reason}",
    104: "Invalid sample holder. {sh}",
    105: "emergency shutdown. {x}",
    106: "failed to reach setpoint {x}",
    107: "no motor named {x} available",
    108: "positioning error. {x}",
}


class Fault(Exception):
    """A refusal as it goes over the wire: `ERROR 015 : Valve A failed to actuate open (interlocked by B, open)`.

    The installed text comes first, `why` (our addition, in brackets) says the reason and the remedy.
    """

    def __init__(self, code: int, why: str = "", **values: object) -> None:
        text = TEXTS[code].format(**values).strip()
        super().__init__(f"{text} ({why})" if why else text)
        self.code = code
        self.why = why
        self.text = str(self)
        self.data: dict[str, object] = {}
        """What a JSON peer gets beside code and text: kind, switch, why."""

    @property
    def line(self) -> str:
        """As plain and framed replies carry it."""
        return f"ERROR {self.code:03d} : {self.text}"
