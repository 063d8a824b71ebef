"""The dry run: golden timelines, refusals, lines not reached."""

from __future__ import annotations

import textwrap
from collections import deque
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line.errors import Interlocked
from pychron.scripting.dry_run import dry_run
from pychron.scripting.dry_run_report import DryRunReport
from pychron.scripting.lockstep import LockstepScriptHost
from pychron.scripting.outcomes import Result, job_for
from tests.scripting.recorded_line import RecordedLine

EXTRACTION = '''
"""
eqtime: 25
sensitivity_multiplier: 1
MIN_INTENSITY: 10
"""
def main():
    info('laser extraction')
    gosub('lab:PrepareLine')
    close(description='Line to Turbo')
    if analysis_type == 'blank':
        sleep(duration)
    else:
        enable()
        for p in position:
            move_to_position(p)
            begin_interval(duration)
            if ramp_rate:
                ramp(setpoint=extract_value, rate=ramp_rate)
            else:
                extract()
            complete_interval()
            if disable_between_positions:
                extract(0)
        end_extract()
        disable()
    sleep(cleanup)
'''
PREPARE = """
def main():
    open('A')
    sleep(3)
    close(name='A')
"""


class DryRunTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.scripts = Path(self.mktemp()).absolute() / "scripts"
        self.clock = Clock()
        self.host = LockstepScriptHost(self.clock)
        self.addCleanup(self.host.stop)
        self.write("extraction/lab/PrepareLine.py", PREPARE)

    def write(self, name: str, text: str) -> Path:
        path = self.scripts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    def rehearse(self, text: str, context: dict[str, Any] | None = None, line: Any = None) -> DryRunReport:
        job = job_for(self.write("extraction/air.py", text), context)
        report = self.successResultOf(dry_run(job, self.host, self.clock, line, max_commands=2000))
        assert self.clock.getDelayedCalls() == []
        return report

    def test_the_blank_of_the_example(self) -> None:
        report = self.rehearse(EXTRACTION, {"analysis_type": "blank", "duration": 60.0, "cleanup": 120.0})
        assert report.lines() == [
            "extraction/air.py: dry run in virtual time: a rehearsal of one path, not a proof",
            "assumed line: it has every valve the script names, and no interlocks",
            "         0.0 s  open A: opened  (extraction/lab/PrepareLine.py:2)",
            "         0.0 s  sleep 3 s: ok  (extraction/lab/PrepareLine.py:3)",
            "         3.0 s  close A: closed  (extraction/lab/PrepareLine.py:4)",
            "         3.0 s  close Line to Turbo: ok, already closed  (extraction/air.py:9)",
            "         3.0 s  sleep 60 s: ok  (extraction/air.py:11)",
            "        63.0 s  sleep 120 s: ok  (extraction/air.py:26)",
            "duration 183.0 s",
            "extraction/air.py:13: not reached (to line 25)",
            "completed",
        ]
        assert report.ok

    def test_the_unknown_of_the_example_heats_two_positions(self) -> None:
        context = {
            "analysis_type": "unknown",
            "position": ["1", "2"],
            "duration": 60.0,
            "cleanup": 120.0,
            "extract_value": 5.0,
            "extract_units": "watts",
            "extract_device": "FusionsCO2",
            "ramp_rate": 0.5,
        }
        report = self.rehearse(EXTRACTION, context)
        assert report.ok
        assert report.duration_s == 3 + 2 * 60 + 120
        assert report.not_reached == (
            ("extraction/air.py", 11, 11),
            ("extraction/air.py", 20, 20),
            ("extraction/air.py", 23, 23),
        )
        heats = [(each.began, each.command) for each in report.commands if each.target == "FusionsCO2"]
        assert heats == [
            (3, "enable"),
            (3, "move_to_position"),
            (3, "ramp"),
            (63, "move_to_position"),
            (63, "ramp"),
            (123, "end_extract"),
            (123, "disable"),
        ]

    def test_a_given_line_refuses_as_it_would(self) -> None:
        line = RecordedLine(self.clock, settling=1.5)
        line.fail["C"] = deque([Interlocked("C", "B is open")])
        report = self.rehearse("def main():\n    open('B')\n    open('C')\n    close('B')\n", line=line)
        assert not report.assumed
        assert [(e.began, e.ended, e.command, e.target, e.result) for e in report.timeline] == [
            (0, 1.5, "open", "B", "opened"),
            (1.5, 1.5, "open", "C", "Interlocked: C: B is open"),
        ]
        assert report.ended.result is Result.FAILED
        assert "extraction/air.py:3: error: open: Interlocked: C: B is open" in report.lines()
        assert report.not_reached == (("extraction/air.py", 4, 4),)

    def test_unknown_commands_are_named_reached_or_not(self) -> None:
        report = self.rehearse("""
            def main():
                if analysis_type == 'air':
                    heat(10)
                    end_heat()
                    degas(Undefined)
            """)
        assert report.ended.result is Result.COMPLETED
        assert [(name, place.line, what) for name, place, what in report.unknown] == [
            ("heat", 3, "unknown command"),
            ("end_heat", 4, "unknown command"),
            ("degas", 5, "unknown command"),
            ("Undefined", 5, "unknown name"),
        ]
        assert not report.ok

    def test_unmatched_intervals(self) -> None:
        report = self.rehearse("def main():\n    begin_interval(10)\n")
        assert [str(each.result) for each in report.refusals] == [
            "IntervalError: begin_interval() without complete_interval() at extraction/air.py:2"
        ]

    def test_a_sleep_within_an_interval_counts_once(self) -> None:
        report = self.rehearse("def main():\n    with interval(100):\n        sleep(30)\n    sleep(5)\n")
        assert report.duration_s == 105

    def test_testing_syntax_is_true_and_locks_are_refusals(self) -> None:
        report = self.rehearse("def main():\n    if not testing_syntax:\n        open('A')\n    lock('B')\n")
        assert report.not_reached == (("extraction/air.py", 3, 3),)
        assert [each.command for each in report.refusals] == ["lock"]

    def test_a_script_that_polls_for_ever_is_ended(self) -> None:
        for body in ("is_open('A')", "sleep(3600)"):
            report = self.rehearse(f"def main():\n    while True:\n        {body}\n")
            assert report.ended.result is Result.ABORTED
            assert report.ended.not_reached is None
            assert any("not known" in line for line in report.lines())

    def test_twice_the_same(self) -> None:
        assert self.rehearse(EXTRACTION).lines() == self.rehearse(EXTRACTION).lines()
