"""The rehearsal of a script as a command: a real child process, virtual time, and the reactor that waits for the two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twisted.internet.task import Clock

from pychron.extraction_line.specs import LineSpec
from pychron.scripting.dry_run import dry_run
from pychron.scripting.dry_run_report import DryRunReport
from pychron.scripting.outcomes import Result, job_for
from pychron.simulation.rehearsal_line import rehearsal_line


def check_script(file: Path, line: LineSpec | None) -> DryRunReport:
    """Rehearse `file` over the line of a root, or over one that has every valve the script names.

    Runs and ends the reactor: once a process, in a command that does nothing else.
    """
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from pychron.scripting.processes import ProcessScriptHost

    ended: list[DryRunReport | Failure] = []

    def rehearse(go_on: bool) -> Deferred[DryRunReport]:
        clock = Clock()
        rehearsed = rehearsal_line(line, clock) if line is not None else None
        return dry_run(
            job_for(file), ProcessScriptHost(reactor), clock, rehearsed, computing=reactor, go_on=go_on
        )

    async def twice() -> DryRunReport:
        report = await rehearse(go_on=False)
        if report.ended.result is not Result.FAILED or not report.refusals:
            return report
        known = {(each.at, each.command, each.result) for each in report.refusals}
        again = await rehearse(go_on=True)
        found = (each for each in again.refusals if (each.at, each.command, each.result) not in known)
        return replace(report, further=tuple(found))

    def begin() -> None:
        Deferred.fromCoroutine(twice()).addBoth(finish)

    def finish(result: DryRunReport | Failure) -> None:
        ended.append(result)
        reactor.stop()

    reactor.callWhenRunning(begin)
    reactor.run()
    if not ended:
        raise KeyboardInterrupt
    result = ended[0]
    if isinstance(result, Failure):
        result.raiseException()
        raise AssertionError("a failure raises")
    return result
