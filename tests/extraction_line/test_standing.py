"""Which alarms stand on an acquisition node."""

from twisted.internet.task import Clock

from pychron.events.bus import EventBus
from pychron.extraction_line.events import AlarmCleared, AlarmRaised
from pychron.extraction_line.remote.standing import Standing


def test_what_was_raised_stands_until_it_is_cleared_and_a_moment_does_not():
    clock = Clock()
    bus = EventBus(clock)
    standing = Standing(bus)
    for key in ("tie:A", "pyvalve:pair:A+B", "pyvalve:uncommanded:A:17.000", "uncommanded:B:18.000", "tie:A"):
        bus.publish(AlarmRaised(key, "look"))
    clock.advance(1)
    assert standing.keys() == ["tie:A", "pyvalve:pair:A+B"]
    bus.publish(AlarmCleared("tie:A", "held"))
    bus.publish(AlarmCleared("never raised", "held"))
    clock.advance(1)
    assert standing.keys() == ["pyvalve:pair:A+B"]
