"""The virtual clocks."""

import pytest
from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import LoopingCall
from zope.interface.verify import verifyObject

from pychron.simulation.virtual_clock import NodeClock, StandsStill, VirtualClock


def test_each_timer_sees_its_own_time_and_equal_times_keep_their_order():
    clock = VirtualClock()
    seen = []
    clock.callLater(2, lambda: seen.append(("b", clock.seconds())))
    clock.callLater(1, lambda: seen.append(("a", clock.seconds())))
    clock.callLater(2, lambda: clock.callLater(0, lambda: seen.append(("d", clock.seconds()))))
    clock.callLater(2, lambda: seen.append(("c", clock.seconds())))
    clock.advance(10)
    assert seen == [("a", 1), ("b", 2), ("c", 2), ("d", 2)]
    assert clock.seconds() == 10


def test_the_clocks_are_what_twisted_expects():
    clock = VirtualClock()
    verifyObject(IReactorTime, clock)
    verifyObject(IReactorTime, NodeClock(clock))
    verifyObject(IDelayedCall, clock.callLater(1, int))


def test_a_timer_can_be_cancelled_reset_and_delayed():
    clock = VirtualClock()
    seen = []
    cancelled = clock.callLater(1, seen.append, "cancelled")
    reset = clock.callLater(1, seen.append, "reset")
    delayed = clock.callLater(1, seen.append, "delayed")
    cancelled.cancel()
    reset.reset(5)
    delayed.delay(1)
    assert [call.getTime() for call in clock.getDelayedCalls()] == [2, 5]
    clock.advance(1.5)
    assert seen == []
    clock.advance(1)
    assert seen == ["delayed"]
    clock.advance(3)
    assert seen == ["delayed", "reset"]
    with pytest.raises(AlreadyCancelled):
        cancelled.cancel()
    with pytest.raises(AlreadyCalled):
        reset.cancel()


def test_timers_without_end_at_one_instant_are_found():
    clock = VirtualClock()

    def again():
        clock.callLater(0, again)

    again()
    with pytest.raises(StandsStill):
        clock.advance(1)


def test_a_node_has_another_zero_and_the_same_speed():
    lab = VirtualClock()
    node = NodeClock(lab, 1000.0)
    seen = []
    call = node.callLater(3, lambda: seen.append(node.seconds()))
    assert call.getTime() == 1003
    lab.advance(5)
    assert seen == [1003]
    assert node.seconds() == 1005
    assert node.getDelayedCalls() == []


def test_a_dropped_clock_runs_nothing_any_more():
    lab = VirtualClock()
    node = NodeClock(lab)
    seen = []
    loop = LoopingCall(lambda: seen.append(node.seconds()))
    loop.clock = node
    loop.start(1, now=False)
    lab.advance(2.5)
    kept = node.drop()
    late = node.callLater(1, seen.append, "late")
    node.run(lambda: seen.append("run"))
    lab.advance(10)
    assert seen == [1, 2]
    assert late.active()
    late.cancel()
    assert kept


def test_a_frozen_clock_runs_what_fell_due_in_order_when_it_thaws():
    lab = VirtualClock()
    node = NodeClock(lab)
    seen = []
    for number in range(3):
        node.callLater(number + 1, lambda n=number: seen.append((n, node.seconds())))
    lab.advance(1.5)
    node.freeze()
    lab.advance(5)
    assert seen == [(0, 1)]
    node.thaw()
    lab.advance(0)
    assert seen == [(0, 1), (1, 6.5), (2, 6.5)]
