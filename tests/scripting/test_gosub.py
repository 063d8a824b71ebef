"""gosub from file to file, each with its own intervals, cancel going through all of them."""

from __future__ import annotations

import textwrap
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.scripting.dry_run import VirtualClocks
from pychron.scripting.lockstep import LockstepScriptHost
from pychron.scripting.outcomes import Result, job_for
from pychron.scripting.runner import ScriptRunner
from tests.scripting.recorded_line import RecordedLine


class GosubTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.scripts = Path(self.mktemp()).absolute() / "scripts"
        self.clock = Clock()
        self.line = RecordedLine(self.clock)
        self.host = LockstepScriptHost(self.clock)
        self.addCleanup(self.host.stop)
        self.infos: list[str] = []
        self.write(
            "extraction/lab/PrepareLine.py",
            """
            def main(switch='A', wait=0):
                info(analysis_type)
                open(switch)
                sleep(wait)
                close(switch)
            """,
        )

    def write(self, name: str, text: str) -> Path:
        path = self.scripts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    def run_script(self, text: str) -> None:
        path = self.write("extraction/air.py", text)
        self.runner = ScriptRunner(
            VirtualClocks(self.clock, self.clock),
            self.line,
            self.host,
            session="boot1.script-1",
            on_info=lambda text, at: self.infos.append(f"{at}: {text}"),
        )
        self.running = self.runner.run(job_for(path, {"analysis_type": "air"}))
        self.clock.advance(0)

    def test_another_script_with_the_same_context_and_argv(self) -> None:
        self.run_script("def main():\n    gosub('lab:PrepareLine', argv=('B',))\n    info('back')\n")
        assert self.successResultOf(self.running).result is Result.COMPLETED
        assert self.infos == ["extraction/lab/PrepareLine.py:2: air", "extraction/air.py:3: back"]
        assert [text for _, text in self.line.log] == ["open B", "B is open", "close B", "B is closed"]

    def test_found_in_a_sub_folder_by_a_given_root_and_by_class(self) -> None:
        self.run_script(
            "def main():\n"
            "    gosub('PrepareLine')\n"
            "    gosub('PrepareLine', root='extraction/lab')\n"
            "    gosub(name='PrepareLine.py', klass='ExtractionLinePyScript', argv=['C'])\n"
        )
        assert self.successResultOf(self.running).result is Result.COMPLETED
        assert len(self.infos) == 3

    def test_cancel_goes_through_both(self) -> None:
        self.run_script("def main():\n    gosub('lab:PrepareLine', argv=('A', 100))\n    open('B')\n")
        assert str(self.runner.at) == "extraction/lab/PrepareLine.py:4"
        self.runner.cancel()
        self.clock.advance(0)
        ended = self.successResultOf(self.running)
        assert (ended.result, str(ended.at)) == (Result.CANCELLED, "extraction/lab/PrepareLine.py:4")
        assert [text for _, text in self.line.log] == ["open A", "A is open"]

    def test_an_error_names_the_line_of_the_script_that_was_called(self) -> None:
        self.write("extraction/bad.py", "def main():\n    heat(3)\n")
        self.run_script("def main():\n    gosub('bad')\n")
        ended = self.successResultOf(self.running)
        assert (str(ended.at), ended.source) == ("extraction/bad.py:2", "heat(3)")

    def test_intervals_belong_to_their_script(self) -> None:
        self.write("extraction/bad.py", "def main():\n    complete_interval()\n")
        self.run_script("def main():\n    begin_interval(3)\n    gosub('bad')\n")
        assert "no begin_interval() of this script" in self.successResultOf(self.running).reason

    def test_scripts_that_call_each_other_for_ever(self) -> None:
        self.run_script("def main():\n    gosub('air')\n")
        ended = self.successResultOf(self.running)
        assert ended.result is Result.FAILED
        assert "RecursionError" in ended.reason

    def test_not_found(self) -> None:
        self.run_script("def main():\n    gosub('nowhere')\n")
        assert "no script 'nowhere': looked for" in self.successResultOf(self.running).reason

    def test_a_file_that_is_not_there(self) -> None:
        runner = ScriptRunner(VirtualClocks(self.clock, self.clock), self.line, self.host, session="s")
        running = runner.run(job_for(self.scripts / "none.py"))
        self.clock.advance(0)
        assert "FileNotFoundError" in self.successResultOf(running).reason
