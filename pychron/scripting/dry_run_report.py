"""What a dry run found, as values and as text for people. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pychron.config.problems import Place
from pychron.scripting.outcomes import CommandEnded, Result, ScriptEnded

VALVE_COMMANDS = ("open", "close", "is_open", "is_closed", "lock", "unlock")
QUIET = ("info", "now")


@dataclass(frozen=True, slots=True)
class DryRunReport:
    """`commands` holds all of them in order, `messages` what the script and the node said about it."""

    name: str
    ended: ScriptEnded
    assumed: bool
    """No line was given: one that has every valve the script names, without interlocks."""
    commands: tuple[CommandEnded, ...]
    messages: tuple[tuple[str, Place], ...]
    unknown: tuple[tuple[str, Place, str], ...]
    """Names that nothing defines, reached or not; the text says `unknown command` or `unknown name`."""
    further: tuple[CommandEnded, ...] = ()
    """What else would be refused, had each refusal that ended the script been none."""

    @property
    def timeline(self) -> tuple[CommandEnded, ...]:
        """What happens to valves."""
        return tuple(each for each in self.commands if each.command in VALVE_COMMANDS)

    @property
    def refusals(self) -> tuple[CommandEnded, ...]:
        return tuple(each for each in self.commands if each.refused)

    @property
    def duration_s(self) -> float:
        """Lab seconds."""
        return self.ended.seconds

    @property
    def not_reached(self) -> tuple[tuple[str, int, int], ...]:
        return self.ended.not_reached or ()

    @property
    def ok(self) -> bool:
        """It completed, nothing was refused and every name is known. Lines not reached are no fault."""
        return self.ended.result is Result.COMPLETED and not self.refusals and not self.unknown

    def lines(self) -> list[str]:
        """For a terminal."""
        found = [f"{self.name}: dry run in virtual time: a rehearsal of one path, not a proof"]
        if self.assumed:
            found.append("assumed line: it has every valve the script names, and no interlocks")
        for each in self.commands:
            if each.command not in QUIET:
                target = f" {each.target}" if each.target else ""
                mark = "! " if each.refused else "  "
                found.append(
                    f"{mark}{each.began:10.1f} s  {each.command}{target}: {each.result}  ({each.at})"
                )
        found.append(f"duration {self.duration_s:.1f} s")
        found += [f"{each.at}: error: {each.command}: {each.result}" for each in self.refusals]
        if self.further:
            found.append("and after it, had that not been refused:")
        found += [f"{each.at}: error: {each.command}: {each.result}" for each in self.further]
        found += [f"{place}: error: {what} {name}" for name, place, what in self.unknown]
        if self.ended.not_reached is None:
            found.append("which lines it reached is not known: it was ended before it could say")
        for file, first, last in self.not_reached:
            found.append(f"{file}:{first}: not reached" + (f" (to line {last})" if last > first else ""))
        found.append(str(self.ended))
        return found
