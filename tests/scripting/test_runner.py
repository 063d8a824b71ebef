"""What a script's commands do, over a lock-step host and a recorded line."""

from __future__ import annotations

from collections import deque

from pychron.config.problems import Place
from pychron.extraction_line.errors import Interlocked, Mismatch, NoResponse
from pychron.extraction_line.states import Lock, State
from pychron.scripting.outcomes import Result
from pychron.trust.rights import Peer, Right
from tests.scripting.stage_of_scripts import ScriptTestCase


class CommandTests(ScriptTestCase):
    def test_open_by_name_and_by_description(self) -> None:
        self.begin("""
        def main():
            info(str(open('C')))
            close(description='Line to Turbo')
            open(name='A', description='Bone to Turbo')
            info(str((is_open('A'), is_closed('A'), is_open(description='Line to Turbo'))))
        """)
        assert self.ended().result is Result.COMPLETED
        assert self.acts() == ["open C", "C is open", "close B", "open A", "A is open"]
        assert self.infos == ["True", "(True, False, False)"]
        command = self.line.commands[0]
        assert (command.peer.address, command.peer.name) == ("local", "script")

    def test_the_first_two_steps_of_the_call_chain(self) -> None:
        self.begin("def main():\n    open('A')\n")
        assert self.steps == [
            (1, "ExtractionLinePyScript.open('A') is called at extraction/air.py:2 of a script"),
            (2, "ValvePyScript._m_open('A') dispatches to the extraction line manager"),
        ]

    def test_sleep_is_lab_time_rounded_to_a_tenth(self) -> None:
        self.begin("""
        def main():
            sleep(1.26, 'settling')
            delay(2)
            sleep(-3)
            sleep()
        """)
        self.clock.pump([1.2, 0.05])
        assert self.runner.waiting
        self.clock.pump([0.05, 2])
        assert self.ended().seconds == 3.3
        assert self.infos == ["settling"]

    def test_an_operator_ends_a_wait_early(self) -> None:
        self.begin("def main():\n    sleep(1000)\n    info('on')\n")
        assert self.runner.skip_wait()
        self.clock.advance(0)
        assert self.infos == ["on"]
        assert self.ended().result is Result.COMPLETED
        assert not self.runner.skip_wait()

    def test_intervals_run_beside_the_script(self) -> None:
        self.begin("""
        def main():
            begin_interval(10)
            begin_interval(3, name='inner')
            sleep(5)
            complete_interval()
            info('inner')
            complete_interval()
            info('outer')
            with interval(4):
                sleep(1)
            info('with')
        """)
        self.clock.advance(5)
        assert self.infos == ["inner"]
        self.clock.advance(5)
        assert self.infos == ["inner", "outer"]
        self.clock.pump([1, 3])
        assert self.ended().seconds == 14

    def test_an_interval_too_many_and_one_too_few(self) -> None:
        self.begin("def main():\n    complete_interval()\n")
        ended = self.ended()
        assert ended.result is Result.FAILED
        assert "IntervalError" in ended.reason
        self.begin("def main():\n    begin_interval(3)\n")
        assert self.ended().result is Result.COMPLETED
        assert self.infos == [
            "warning: IntervalError: begin_interval() without complete_interval() at extraction/air.py:2"
        ]

    def test_context_variables_options_and_argv(self) -> None:
        self.begin(
            """
            def main(a, b=2):
                info('%s %s' % (a, b))
                info('%s %s %s' % (position, ex.duration, ex.position))
                info('%s %s' % (cleanup, MIN))
                info(str(testing_syntax))
            """,
            context={"position": ["1", "2"], "duration": 5.0, "MIN": 10},
            argv=("x",),
        )
        assert self.infos == ["x 2", "['1', '2'] 5.0 ['1', '2']", "0 10", "False"]

    def test_print_goes_to_info(self) -> None:
        self.begin("print('at module level', 3)\ndef main():\n    print()\n    print(1, 2, sep='-')\n")
        assert self.infos == ["at module level 3", "", "1-2"]

    def test_safe_while(self) -> None:
        self.begin("""
        n = 0
        def enough():
            global n
            n += 1
            return n > 3
        def main():
            info(str(safe_while(enough)))
            info(str(safe_while(lambda: False, timeout=5, period=2)))
        """)
        for _ in range(10):
            self.clock.advance(1)
        assert self.infos == ["True", "False"]
        assert self.ended().seconds == 7

    def test_lock_is_refused_with_a_warning_unless_allowed(self) -> None:
        source = "def main():\n    info(str((lock('A'), unlock('A'))))\n"
        self.begin(source)
        assert self.acts() == []
        assert self.infos[0].startswith("warning: lock('A') is refused")
        assert self.infos[-1] == "(False, False)"
        self.begin(source, allow_lock=True)
        assert self.acts() == ["lock A", "unlock A"]
        assert self.infos[-1] == "(True, True)"

    def test_an_observer_moves_nothing(self) -> None:
        self.begin("def main():\n    open('A')\n", peer=Peer("local", 0, Right.OBSERVE, "script"))
        assert "may observe only" in self.ended().reason
        assert self.acts() == []

    def test_wrong_arguments_say_what_is_wrong(self) -> None:
        for call, text in (
            ("open()", "which switch?"),
            ("open('Z')", "UnknownSwitch: Z: no such switch"),
            ("open(7)", "named by text"),
            ("open('A', mode='x')", "no argument 'mode'"),
            ("open('A', ntries=0)", "ntries must be"),
            ("open('A', ntries=True)", "ntries must be"),
            ("open(object())", "cannot be sent"),
            ("sleep('soon')", "a number of seconds"),
            ("sleep(float('nan'))", "cannot be sent"),
            ("sleep(1e12)", "a number of seconds"),
            ("info('x' * 100000) or open('Q' * 70000)", "are allowed"),
            ("begin_interval('x')", "a number of seconds"),
            ("gosub()", "name of a script"),
            ("gosub('../x')", "cannot be a script's name"),
            ("gosub('x', klass='MeasurementPyScript')", "no such class"),
        ):
            self.begin(f"def main():\n    {call}\n")
            ended = self.ended()
            assert ended.result is Result.FAILED, call
            assert text in ended.reason, (call, ended.reason)
            assert ended.at == Place("extraction/air.py", 2)
            assert ended.source == call[:400]
        assert self.acts() == []

    def test_device_commands_are_skipped_without_a_device_and_refused_without_that_one(self) -> None:
        self.begin("def main():\n    extract()\n    end_extract()\n", context={"extract_device": "---"})
        assert self.ended().result is Result.COMPLETED
        self.begin("def main():\n    extract(5)\n", context={"extract_device": "FusionsCO2"})
        assert "this node has no device 'FusionsCO2'" in self.ended().reason


class FailureTests(ScriptTestCase):
    def test_an_error_carries_file_line_and_text(self) -> None:
        self.begin("""
        def helper():
            return 1 / 0
        def main():
            helper()
        """)
        ended = self.ended()
        assert (ended.result, str(ended.at), ended.source) == (
            Result.FAILED,
            "extraction/air.py:3",
            "return 1 / 0",
        )
        assert ended.reason == "ZeroDivisionError: division by zero"

    def test_no_main(self) -> None:
        self.begin("open('A')\n")
        assert self.ended().reason.startswith("MainError: extraction/air.py has no function main()")
        assert self.acts() == ["open A", "A is open"]

    def test_python_2(self) -> None:
        self.begin("def main():\n    print 'hello'\n")
        ended = self.ended()
        assert "this is Python 2; write print('hello')" in ended.reason
        assert str(ended.at) == "extraction/air.py:2"

    def test_unknown_and_moving_are_neither_open_nor_closed(self) -> None:
        for values in (
            {"state": State.UNKNOWN},
            {"state": State.MOVING},
            {"state": State.OPEN, "stale": True},
        ):
            self.line.set("A", **values)
            for question in ("is_open", "is_closed"):
                self.begin(
                    f"def main():\n    try:\n        {question}('A')\n    except Unknown as e:\n        info(str(e))\n"
                )
                assert "neither open nor closed" in self.infos[-1]
            self.line.set("A", state=State.CLOSED, stale=False)

    def test_a_refusal_is_raised_at_once_and_can_be_caught_by_name(self) -> None:
        self.line.fail["A"] = deque([Interlocked("A", "B is open")])
        self.begin("""
        def main():
            try:
                open('A', cancel_on_failed_actuation=False)
            except Interlocked as e:
                info(str(e))
        """)
        assert self.infos == ["A: B is open"]
        assert self.acts() == ["open A"]

    def test_locked_and_different_fails_the_script(self) -> None:
        self.line.set("A", lock=Lock("operator", "sample inside", 0.0))
        self.begin("def main():\n    close('A')\n    open('A')\n    open('B')\n")
        ended = self.ended()
        assert ended.result is Result.FAILED
        assert ended.reason == "Locked: A: locked by operator: sample inside"
        assert self.acts() == ["close A", "open A"]

    def test_no_answer_is_tried_again_each_second(self) -> None:
        self.line.fail["A"] = deque([NoResponse("A", "silent"), Mismatch("A", "says closed")])
        self.begin("def main():\n    open('A')\n")
        self.clock.pump([1, 1])
        assert self.line.log == [(0, "open A"), (1, "open A"), (2, "open A"), (2, "A is open")]
        assert self.ended().result is Result.COMPLETED

    def test_after_the_last_try_the_script_is_cancelled(self) -> None:
        self.line.fail["A"] = deque([NoResponse("A", "silent")] * 100)
        self.begin("""
        def main():
            try:
                open('A')
            finally:
                close('B')
        """)
        self.clock.pump([1] * 100)
        ended = self.ended()
        assert ended.result is Result.CANCELLED
        assert ended.reason == "open A failed 100 times: NoResponse: A: silent"
        assert self.acts().count("open A") == 100
        assert self.acts()[-1] == "close B"

    def test_or_goes_on_and_the_queue_ends_after_the_run(self) -> None:
        self.line.fail["A"] = deque([NoResponse("A", "silent")] * 2)
        self.begin("def main():\n    info(str(open('A', cancel_on_failed_actuation=False, ntries=2)))\n")
        self.clock.advance(1)
        ended = self.ended()
        assert (ended.result, ended.end_after) == (Result.COMPLETED, True)
        assert self.infos[-1] == "False"

    def test_a_fault_of_ours_is_logged_and_told_to_the_script(self) -> None:
        self.line.view = lambda name: 1 / 0  # type: ignore[method-assign,assignment]
        self.begin("def main():\n    is_open('A')\n")
        assert "a fault of the node" in self.ended().reason
        assert len(self.flushLoggedErrors(ZeroDivisionError)) == 1

    def test_system_exit(self) -> None:
        for call, result in (("sys.exit()", Result.COMPLETED), ("sys.exit(3)", Result.FAILED)):
            self.begin(f"import sys\ndef main():\n    {call}\n")
            assert self.ended().result is result

    def test_a_runner_runs_once(self) -> None:
        self.begin("def main():\n    pass\n")
        self.assertRaises(RuntimeError, self.runner.run, None)
