import random

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.hardware.interfaces import Evidence, NoAnswer, NotBegun, Rejected, Unavailable
from pychron.simulation.relay_bank import EXCHANGE_S, TIMEOUT_S, RelayBank, RelayBankActuator
from pychron.simulation.relay_faults import BadFault, Fault, Faults, read_faults


class BankTest(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.bank = RelayBank(self.clock)
        self.faults = Faults(random.Random(1))
        self.actuator = RelayBankActuator("bank", self.bank, self.clock, self.faults)

    def run_(self, coroutine, seconds=EXCHANGE_S):
        done = Deferred.fromCoroutine(coroutine).addErrback(lambda failure: failure.value)
        self.clock.advance(seconds)
        return self.successResultOf(done)

    def drive(self, on=True, begin=lambda: True, seconds=EXCHANGE_S):
        return self.run_(self.actuator.drive("1", on, begin), seconds)

    def read(self):
        return self.run_(self.actuator.read(("1",)))["1"]

    def test_closed_at_the_start_then_as_it_was_driven(self):
        self.assertIs(self.read().on, False)
        mark = self.drive()
        reading = self.read()
        self.assertIs(reading.on, True)
        self.assertEqual(reading.mark.epoch, mark.epoch)
        self.assertGreater(reading.mark.at, mark.at)
        self.assertEqual([(m.address, m.open, m.cause) for m in self.bank.log], [("1", True, "open 1")])

    def test_what_stands_so_already_does_not_move(self):
        self.drive(on=False)
        self.assertEqual(self.bank.log, [])

    def test_a_guard_that_says_no(self):
        self.assertIsInstance(self.drive(begin=lambda: False), NotBegun)
        self.assertEqual(self.bank.log, [])

    def test_faults_without_an_answer_begin_an_epoch(self):
        for fault, moves in ((Fault.SILENT, 0), (Fault.NEVER, 1), (Fault.GARBLED, 1)):
            self.setUp()
            self.faults.force(fault)
            failed = self.drive(seconds=TIMEOUT_S)
            self.assertIsInstance(failed, NoAnswer)
            self.assertEqual(len(self.bank.log), moves, fault)
            self.assertEqual(self.read().mark.epoch, failed.mark.epoch + 1)

    def test_a_late_one_moves_within_late_s_even_when_the_node_is_gone(self):
        self.faults.force(Fault.LATE)
        self.assertIsInstance(self.drive(seconds=TIMEOUT_S), NoAnswer)
        self.run_(self.actuator.close())
        self.assertEqual(self.bank.log, [])
        self.clock.advance(self.actuator.late_s - TIMEOUT_S)
        self.assertEqual(len(self.bank.log), 1)

    def test_rejects_and_twice(self):
        self.faults.force(Fault.REJECTS, Fault.TWICE)
        self.assertIsInstance(self.drive(), Rejected)
        self.drive()
        self.assertEqual(len(self.bank.log), 1)

    def test_urgent_ones_first_one_after_the_other(self):
        for name in "ab":
            Deferred.fromCoroutine(self.actuator.drive(name, True, lambda: True))
        Deferred.fromCoroutine(self.actuator.drive("c", True, lambda: True, urgent=True))
        self.clock.pump([EXCHANGE_S] * 3)
        self.assertEqual([m.address for m in self.bank.log], ["a", "c", "b"])

    def test_one_that_cannot_be_read(self):
        blind = RelayBankActuator("bank", self.bank, self.clock, readable=False)
        self.assertEqual((blind.readable, blind.evidence), (False, Evidence.COMMANDED))
        self.assertEqual(self.run_(blind.read(("1",))), {})

    def test_the_bank_outlives_its_actuator(self):
        self.drive()
        self.run_(self.actuator.close())
        self.assertIsInstance(self.drive(), Unavailable)
        again = RelayBankActuator("bank", self.bank, self.clock)
        self.assertIs(self.run_(again.read(("1",)))["1"].on, True)

    def test_each_movement_is_told_at_once_and_power_up_too(self):
        told = []
        self.bank.listeners.append(told.append)
        self.drive()
        self.bank.power_up(opens=False)
        self.assertEqual([(m.open, m.cause) for m in told], [(True, "open 1"), (False, "power-up")])


def test_the_same_seed_fails_in_the_same_places():
    def drawn(seed):
        faults = Faults(random.Random(seed), {Fault.LATE: 0.2, Fault.NEVER: 0.1})
        return [faults.next() for _ in range(200)]

    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)
    assert 20 < drawn(3).count(Fault.LATE) < 60 > drawn(3).count(Fault.NEVER) > 5


def test_faults_as_they_are_written():
    assert read_faults(["late=0.05", "never"]) == {Fault.LATE: 0.05, Fault.NEVER: 1.0}
    for text, says in (
        ("lat=1", "late"),
        ("late=often", "number"),
        ("late=2", "0 to 1"),
        ("late=nan", "0 to 1"),
    ):
        with pytest.raises(BadFault, match=says):
            read_faults([text])
