"""An emulated Agilent 34970A with three 34903A relay cards: SCPI as the Command Reference has it, for ROUTe and SYSTem.

`Agilent34970A` is the instrument, `AgilentLine` one line to it: a Protocol for a pty, a TCP connection or memory.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Factory, Protocol

from pychron.simulation.relay_bank import RelayBank
from pychron.simulation.relay_faults import Fault, Faults

IDENTITY = b"HEWLETT-PACKARD,34970A,0,13-2-2"
ERRORS = 10
"""Places in the error queue (Command Reference, SYSTem:ERRor?)."""
LONGEST_LINE = 4096
ADDRESSES = tuple(f"{slot}{channel:02d}" for slot in (1, 2, 3) for channel in range(1, 21))

NO_ERROR = (0, "No error")
SYNTAX = (-102, "Syntax error")
PARAMETER = (-108, "Parameter not allowed")
MISSING = (-109, "Missing parameter")
UNDEFINED = (-113, "Undefined header")
RANGE = (-222, "Data out of range")
OVERFLOW = (-350, "Error queue overflow")

_LIST = re.compile(rb"\(\s*@\s*([\d\s,:]+)\)\Z")
_HEADER = re.compile(rb"[A-Za-z*:]+\??")


def _forms(*words: str) -> re.Pattern[bytes]:
    """Long or short form of each word, any case: `ROUTe` is ROUT or ROUTE."""
    parts = []
    for word in words:
        short = "".join(c for c in word if not c.islower())
        long = word.upper()
        parts.append("(?:" + "|".join(re.escape(form) for form in dict.fromkeys((long, short))) + ")")
    return re.compile((":?" + ":".join(parts) + r"\Z").encode(), re.IGNORECASE)


class Refused(Exception):
    """A command that the instrument does not execute, and its entry in the error queue."""

    def __init__(self, error: tuple[int, str]) -> None:
        super().__init__(error[1])
        self.error = error


class Agilent34970A:
    """The mainframe: its relays, its error queue. Several lines may lead to it."""

    def __init__(
        self, clock: IReactorTime, open_at_start: bool = False, faults: Faults | None = None
    ) -> None:
        self.clock = clock
        self.bank = RelayBank(clock, ADDRESSES, open_at_start)
        self.faults = faults or Faults()
        self.errors: deque[tuple[int, str]] = deque()
        self._enabled = 0
        self._commands = (
            (_forms("ROUTe", "OPEN"), lambda text: self._turn(text, True)),
            (_forms("ROUTe", "CLOSe"), lambda text: self._turn(text, False)),
            (_forms("ROUTe", "OPEN?"), lambda text: self._tell(text, True)),
            (_forms("ROUTe", "CLOSe?"), lambda text: self._tell(text, False)),
            (_forms("SYSTem", "ERRor?"), self._error),
            (_forms("SYSTem", "PRESet"), self._preset),
            (_forms("SYSTem", "VERSion?"), lambda text: b"1994.0"),
            (_forms("*RST"), self._preset),
            (_forms("*CLS"), self._clear),
            (_forms("*IDN?"), lambda text: IDENTITY),
            (_forms("*OPC?"), lambda text: b"1"),
            (_forms("*ESE"), self._enable),
            (_forms("*ESE?"), lambda text: b"+%d" % self._enabled),
        )

    def power_cycle(self) -> None:
        """Off and on: relays open, errors forgotten (Instrument Preset State)."""
        self.errors.clear()
        self._enabled = 0
        self.bank.power_up(opens=True)

    def execute(self, line: bytes) -> bytes | None:
        """One line without its end; commands in it are separated by `;`. The answer without its end, or None."""
        answers = []
        for command in line.split(b";"):
            try:
                answer = self._execute(command.strip())
            except Refused as refused:
                self.complain(refused.error)
                break
            if answer is not None:
                answers.append(answer)
        return b";".join(answers) if answers else None

    def _execute(self, command: bytes) -> bytes | None:
        if not command:
            return None
        found = _HEADER.match(command)
        header = found[0] if found else b""
        rest = command[len(header) :]
        for pattern, work in self._commands:
            if pattern.match(header):
                if rest[:1] not in (b"", b" ", b"\t"):
                    raise Refused(SYNTAX)
                return work(rest.strip())
        raise Refused(UNDEFINED if header else SYNTAX)

    def complain(self, error: tuple[int, str]) -> None:
        """Into the error queue; the last place tells that it is full."""
        if len(self.errors) < ERRORS:
            self.errors.append(error)
        else:
            self.errors[-1] = OVERFLOW

    def _channels(self, text: bytes) -> list[str]:
        if not text:
            raise Refused(MISSING)
        match = _LIST.match(text)
        if match is None:
            raise Refused(SYNTAX)
        return list(self._listed(match[1]))

    def _listed(self, text: bytes) -> Iterator[str]:
        for part in text.split(b","):
            first, colon, last = part.strip().partition(b":")
            if not first.isdigit() or (colon and not last.isdigit()):
                raise Refused(SYNTAX)
            ends = [first.decode(), (last if colon else first).decode()]
            if not all(map(self.bank.has, ends)) or ends[0] > ends[1]:
                raise Refused(RANGE)
            yield from (a for a in ADDRESSES if ends[0] <= a <= ends[1])

    def _turn(self, text: bytes, opens: bool) -> None:
        channels = self._channels(text)
        cause = f"ROUT:{'OPEN' if opens else 'CLOSE'} {text.decode('ascii', 'replace')}"
        for address in channels:
            self.bank.move(address, opens, cause)

    def _tell(self, text: bytes, opens: bool) -> bytes:
        return b",".join(b"1" if self.bank.is_open(a) is opens else b"0" for a in self._channels(text))

    def _error(self, text: bytes) -> bytes:
        number, words = self.errors.popleft() if self.errors else NO_ERROR
        return b'%+d,"%s"' % (number, words.encode())

    def _preset(self, text: bytes) -> None:
        for address in ADDRESSES:
            self.bank.move(address, True, "preset")

    def _clear(self, text: bytes) -> None:
        self.errors.clear()

    def _enable(self, text: bytes) -> None:
        if not text:
            raise Refused(MISSING)
        if not text.isdigit():
            raise Refused(SYNTAX)
        if int(text) > 255:
            raise Refused(RANGE)
        self._enabled = int(text)


class AgilentLine(Protocol):
    """One line to the instrument. On a serial port it outlives every client, as the real input buffer does."""

    def __init__(self, instrument: Agilent34970A) -> None:
        self.instrument = instrument
        self._rest = b""
        self._skip = False
        self._late: deque[bytes] | None = None
        """What waits behind a late answer: the instrument does one thing after the other."""
        self._withheld: Fault | None = None
        """What befell a command befalls the answer that acknowledges it."""

    def dataReceived(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self._skip:
                self._skip = False
            elif self._late is not None:
                self._late.append(line.rstrip(b"\r"))
            else:
                self._line(line.rstrip(b"\r"))
        if len(self._rest) > LONGEST_LINE:
            self._rest, self._skip = b"", True
            self.instrument.complain(SYNTAX)

    def _line(self, line: bytes) -> None:
        instrument, faults = self.instrument, self.instrument.faults
        asks = b"?" in line
        fault = (self._withheld if asks else None) or faults.next()
        self._withheld = None if asks else fault
        if fault is Fault.REJECTS:
            self._withheld = None
            instrument.complain((-221, "Settings conflict"))
            return
        if fault is Fault.SILENT:
            return
        if fault is Fault.LATE:
            self._late = deque()
            instrument.clock.callLater(faults.late_s, self._answer_late, line)
            return
        if fault is Fault.DROPS and faults.coin():
            self._drop()
            return
        self._answer(line, fault)

    def _answer_late(self, line: bytes) -> None:
        self._answer(line, None)
        waiting, self._late = self._late, None
        while waiting and self._late is None:
            self._line(waiting.popleft())
        if waiting and self._late is not None:
            self._late.extend(waiting)

    def _answer(self, line: bytes, fault: Fault | None) -> None:
        answer = self.instrument.execute(line)
        if fault is Fault.DROPS:
            self._drop()
        elif answer is not None and fault is not Fault.NEVER:
            data = answer + b"\n"
            if fault is Fault.GARBLED:
                data = self.instrument.faults.garble(data)
            self._write(data * 2 if fault is Fault.TWICE else data)

    def _write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def _drop(self) -> None:
        self._withheld = None
        if self.transport is not None:
            self.transport.loseConnection()


class AgilentFactory(Factory):
    """The LAN of a 34972A: each connection is a line of its own to the same relays."""

    noisy = False

    def __init__(self, instrument: Agilent34970A) -> None:
        self._instrument = instrument

    def buildProtocol(self, addr: object) -> AgilentLine:
        return AgilentLine(self._instrument)
