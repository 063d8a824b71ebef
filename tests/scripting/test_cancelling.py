"""Cancel, abort, clean-up and death, over a lock-step host."""

from __future__ import annotations

from collections import deque

from pychron.extraction_line.errors import NoResponse
from pychron.extraction_line.states import State
from pychron.scripting import protocol
from pychron.scripting.outcomes import Result
from tests.scripting.stage_of_scripts import ScriptTestCase


class CancelTests(ScriptTestCase):
    def test_cancelled_is_raised_at_the_current_command_and_the_clean_up_closes(self) -> None:
        self.begin(
            """
        def main():
            open('A')
            try:
                sleep(1000)
                open('B')
            finally:
                close('A')
                lock('A')
                info('clean')
        """,
            allow_lock=True,
        )
        self.clock.advance(10)
        self.runner.cancel("stop")
        self.clock.advance(0)
        ended = self.ended()
        assert (ended.result, ended.reason, ended.cut, ended.seconds) == (Result.CANCELLED, "stop", False, 10)
        assert str(ended.at) == "extraction/air.py:5"
        assert self.acts() == ["open A", "A is open", "close A", "A is closed", "lock A"]
        assert self.infos == ["clean"]

    def test_it_comes_again_at_each_later_command_that_opens_heats_moves_or_waits(self) -> None:
        self.begin("""
        def attempt(command, *args):
            try:
                command(*args)
                return 'ok'
            except BaseException as e:
                return type(e).__name__
        def main():
            try:
                sleep(5)
            except:
                pass
            begin_interval(1)
            for command, args in ((open, 'A'), (unlock, 'A'), (sleep, 1), (extract, 5), (enable, ()),
                                  (move_to_position, '1'), (complete_interval, ()), (close, 'A'), (is_closed, 'A'),
                                  (end_extract, ()), (disable, ()), (extract, 0)):
                args = args if isinstance(args, tuple) else (args,)
                info(command.__name__.strip('_') + str(args) + ' ' + attempt(command, *args))
        """)
        self.runner.cancel()
        self.clock.advance(0)
        ended = self.ended()
        assert (ended.result, ended.cut) == (Result.CANCELLED, False)
        said = [text for text in self.infos if "skipped" not in text]
        assert said[:7] == [
            f"{c} Cancelled"
            for c in (
                "open('A',)",
                "unlock('A',)",
                "sleep(1,)",
                "extract(5,)",
                "enable()",
                "move_to_position('1',)",
                "complete_interval()",
            )
        ]
        assert said[7:] == [
            f"{c} ok" for c in ("close('A',)", "is_closed('A',)", "end_extract()", "disable()", "extract(0,)")
        ]

    def test_an_open_in_flight_is_completed_by_the_line_and_then_closed(self) -> None:
        self.line.settling = 3.0
        self.begin("""
        def main():
            try:
                open('A')
            except Cancelled:
                info('cancelled')
                raise
        """)
        self.clock.advance(1)
        self.runner.cancel()
        self.clock.advance(0)
        ended = self.successResultOf(self.running)
        assert ended.result is Result.CANCELLED
        assert self.infos == ["cancelled"]
        assert self.line.view("A").state is State.MOVING
        self.clock.advance(2)
        assert self.line.view("A").state is State.OPEN
        assert self.clock.getDelayedCalls() == []

    def test_a_close_in_flight_is_not_disturbed(self) -> None:
        self.line.settling = 3.0
        self.line.set("A", state=State.OPEN)
        self.line.set("B", state=State.OPEN)
        self.begin("def main():\n    close('A')\n    close('B')\n    open('C')\n")
        self.clock.advance(1)
        self.runner.cancel()
        self.clock.pump([2, 3])
        assert self.ended().result is Result.CANCELLED
        assert self.acts() == ["close A", "A is closed", "close B", "B is closed"]

    def test_an_open_that_has_not_begun_is_not_begun_for_a_cancelled_script(self) -> None:
        self.begin("def main():\n    open('A')\n    sleep(9)\n")
        command = self.line.commands[0]
        assert command.still_there()
        self.runner.cancel()
        assert not command.still_there()
        self.clock.advance(0)

    def test_the_retries_of_an_open_end_with_it(self) -> None:
        self.line.fail["A"] = deque([NoResponse("A", "silent")] * 50)
        self.begin("def main():\n    open('A')\n")
        self.clock.pump([1, 1])
        self.runner.cancel()
        self.clock.advance(0)
        assert self.ended().result is Result.CANCELLED
        assert self.acts() == ["open A"] * 3

    def test_a_dead_valve_leaves_time_for_the_others(self) -> None:
        self.line.fail["A"] = deque([NoResponse("A", "silent")] * 50)
        self.line.set("B", state=State.OPEN)
        self.begin("""
        def main():
            try:
                sleep(100)
            finally:
                try:
                    close('A')
                finally:
                    close('B')
        """)
        self.runner.cancel()
        self.clock.pump([1, 1, 1])
        ended = self.ended()
        assert (ended.result, ended.cut) == (Result.CANCELLED, True)
        assert "its clean-up failed: NoResponse" in ended.reason
        assert self.acts() == ["close A"] * 3 + ["close B", "B is closed"]

    def test_the_clean_up_has_thirty_seconds_of_lab_time(self) -> None:
        self.line.settling = 20.0
        for name in "ABC":
            self.line.set(name, state=State.OPEN)
        self.begin(
            "def main():\n    try:\n        sleep(100)\n    finally:\n        for n in 'ABC':\n            close(n)\n"
        )
        self.runner.cancel("stop")
        self.clock.pump([0, 20, 10, 0])
        ended = self.successResultOf(self.running)
        assert (ended.result, ended.cut) == (Result.CANCELLED, True)
        assert ended.reason == "stop; its clean-up was cut off after 30 s"
        self.clock.advance(10)  # the close under way is completed by the line
        assert self.acts() == ["close A", "A is closed", "close B", "B is closed"]
        assert self.clock.getDelayedCalls() == []

    def test_a_script_that_swallows_cancelled_for_ever_is_ended(self) -> None:
        self.host._turn_s = 0.001
        self.begin("""
        def main():
            while True:
                try:
                    open('A')
                    sleep(1)
                except BaseException:
                    pass
        """)
        self.clock.advance(0.01)
        self.runner.cancel("stop")
        self.clock.advance(31)
        ended = self.ended()
        assert (ended.result, ended.cut) == (Result.CANCELLED, True)
        assert self.acts() == ["open A", "A is open"]

    def test_cancel_exit_and_abort_from_the_script(self) -> None:
        for call, result, reason in (
            ("cancel()", Result.CANCELLED, "the script called cancel()"),
            ("exit()", Result.CANCELLED, "the script called exit()"),
            ("abort()", Result.ABORTED, "the script called abort()"),
        ):
            self.infos.clear()
            self.begin(f"def main():\n    try:\n        {call}\n    finally:\n        info('clean')\n")
            ended = self.ended()
            assert (ended.result, ended.reason) == (result, reason)
            assert ("clean" in self.infos) is (result is Result.CANCELLED)
            assert ended.cut is (result is Result.ABORTED)

    def test_abort_cleans_nothing_up(self) -> None:
        self.begin("def main():\n    try:\n        sleep(100)\n    finally:\n        close('A')\n")
        self.runner.abort("stop")
        self.runner.abort("again")
        self.runner.cancel("again")
        self.clock.advance(0)
        ended = self.ended()
        assert (ended.result, ended.reason, ended.cut) == (Result.ABORTED, "stop", True)
        assert self.acts() == []
        self.runner.cancel()
        self.runner.abort()

    def test_only_the_first_reason_counts(self) -> None:
        self.begin("def main():\n    sleep(9)\n")
        self.runner.cancel("first")
        self.runner.cancel("second")
        self.clock.advance(0)
        assert self.ended().reason == "first"

    def test_a_script_that_goes_on_after_a_kill_is_left(self) -> None:
        self.begin("""
        def main():
            while True:
                try:
                    sleep(1)
                except BaseException:
                    pass
        """)
        self.runner.abort()
        self.clock.advance(0)
        assert self.ended().result is Result.ABORTED


class _ToldChild:
    """A child that does nothing by itself."""

    def __init__(self) -> None:
        self.log: list[object] = []

    def start(self, line, ended, error):
        self.line, self.ended, self.error = line, ended, error
        return self

    def send(self, line):
        self.log.append(protocol.decode(line, protocol.MAX_START))

    def interrupt(self):
        self.log.append("interrupt")

    def kill(self):
        self.log.append("kill")


class ChildTests(ScriptTestCase):
    """Runner and child, the child told what to do."""

    def setUp(self) -> None:
        super().setUp()
        self.child = _ToldChild()
        self.host.stop()
        self.host = self.child  # type: ignore[assignment]
        self.child.stop = lambda: None  # type: ignore[attr-defined]
        self.begin("def main():\n    pass\n")

    def test_the_start_message(self) -> None:
        start = self.child.log[0]["start"]  # type: ignore[index]
        assert start["file"] == "/lab/scripts/extraction/air.py"
        assert [
            "open",
            [["name", None], ["description", ""], ["cancel_on_failed_actuation", True], ["ntries", 100]],
        ] in (start["commands"])
        assert start["limits"]["cpu_s"] == 600

    def test_garbage_ends_the_script_and_not_the_node(self) -> None:
        self.child.line(b"\xffgarbage")
        assert self.child.log[-1] == "kill"
        self.child.line(b'{"n":1,"do":"open","args":{"name":"A"}}')
        self.child.ended(None, "killed by SIGKILL")
        ended = self.ended()
        assert ended.result is Result.DIED
        assert "none of ours: a line that is not JSON: b'\\xffgarbage'" in ended.reason
        assert self.acts() == []

    def test_a_second_command_while_one_is_under_way_ends_it(self) -> None:
        self.child.line(b'{"n":1,"do":"sleep","args":{"duration":5}}')
        self.child.line(b'{"n":2,"do":"open","args":{"name":"A"}}')
        assert self.child.log[-1] == "kill"
        self.child.ended(None, "killed by SIGKILL")
        assert "out of turn" in self.ended().reason
        assert self.acts() == []

    def test_an_unknown_command_and_an_unknown_argument(self) -> None:
        self.child.line(b'{"n":1,"do":"opn","args":{}}')
        assert self.child.log[-1]["text"].startswith("unknown command opn; did you mean open")  # type: ignore[index]
        self.child.line(b'{"n":2,"do":"open","args":{"name":"A","force":true}}')
        assert self.child.log[-1]["text"] == "open() has no argument 'force'"  # type: ignore[index]
        self.child.ended(3, "exit status 3")
        self.ended()

    def test_a_death_ends_the_run_and_what_it_waited_for(self) -> None:
        self.child.error(b"Traceback\nMemoryError\n")
        self.child.line(b'{"n":1,"do":"sleep","args":{"duration":500},"at":["extraction/air.py",4]}')
        self.child.ended(None, "killed by SIGKILL")
        ended = self.ended()
        assert (ended.result, ended.cut, str(ended.at)) == (Result.DIED, True, "extraction/air.py:4")
        assert ended.reason == "its process died: killed by SIGKILL; its last words: MemoryError"

    def test_a_computation_is_interrupted_after_two_seconds_and_ended_after_two_more(self) -> None:
        self.runner.cancel("stop")
        self.clock.advance(1.9)
        assert len(self.child.log) == 1
        self.clock.advance(0.1)
        assert self.child.log[1:] == ["interrupt"]
        self.clock.advance(2)
        assert self.child.log[1:] == ["interrupt", "kill"]
        self.child.ended(None, "killed by SIGKILL")
        ended = self.ended()
        assert (ended.result, ended.cut) == (Result.CANCELLED, True)
        assert ended.reason == "stop; it went on computing and was ended"

    def test_each_computation_of_a_clean_up_has_its_two_seconds(self) -> None:
        self.runner.cancel("stop")
        for n in range(1, 6):
            self.clock.advance(1.5)
            self.child.line(b'{"n":%d,"do":"close","args":{"name":"A"}}' % n)
        assert "interrupt" not in self.child.log
        self.clock.advance(2)
        assert self.child.log[-1] == "interrupt"
        self.child.line(b'{"end":"cancelled","kind":"Cancelled","text":"interrupted"}')
        self.child.ended(0, "exit status 0")
        ended = self.ended()
        assert (ended.result, ended.cut) == (Result.CANCELLED, False)

    def test_a_process_that_does_not_exit_is_killed(self) -> None:
        self.child.line(b'{"end":"completed"}')
        self.clock.advance(2)
        assert self.child.log[-1] == "kill"
        self.child.ended(None, "killed by SIGKILL")
        assert self.ended().result is Result.COMPLETED

    def test_a_process_that_cannot_be_killed_does_not_hold_the_run(self) -> None:
        self.runner.abort("stop")
        self.clock.advance(5)
        assert self.ended().result is Result.ABORTED
        self.child.ended(None, "killed by SIGKILL")

    def test_an_observer_that_fails_disturbs_nothing(self) -> None:
        self.runner._on_command = lambda command: 1 / 0
        self.child.line(b'{"n":1,"do":"open","args":{"name":"A"}}')
        assert self.child.log[-1] == {"n": 1, "ok": True}
        self.child.ended(0, "")
        self.ended()
        assert len(self.flushLoggedErrors(ZeroDivisionError)) == 1
