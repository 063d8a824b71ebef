import random

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.simulation.agilent_34970a import ADDRESSES, IDENTITY, Agilent34970A, AgilentLine
from pychron.simulation.relay_faults import Fault, Faults


class Client:
    """The near end of a line."""

    def __init__(self):
        self.came, self.dropped = b"", 0

    def write(self, data):
        self.came += data

    def loseConnection(self):
        self.dropped += 1


class InstrumentTest(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.faults = Faults(random.Random(1))
        self.instrument = Agilent34970A(self.clock, faults=self.faults)
        self.line, self.client = AgilentLine(self.instrument), Client()
        self.line.makeConnection(self.client)

    def ask(self, data):
        self.client.came = b""
        self.line.dataReceived(data)
        return self.client.came

    def moved(self):
        return [(m.address, m.open) for m in self.instrument.bank.log]

    def test_the_exchange_of_the_manual(self):
        self.assertEqual(self.ask(b"ROUT:OPEN (@101)\n"), b"")
        self.assertEqual(self.ask(b"SYST:ERR?\n"), b'+0,"No error"\n')
        self.assertEqual(self.ask(b"ROUT:OPEN? (@101)\n"), b"1\n")
        self.assertEqual(self.ask(b"ROUT:CLOSE? (@101,102)\n"), b"0,1\n")
        self.assertEqual(self.ask(b"ROUT:CLOS (@101)\nROUT:OPEN? (@101:104)\n"), b"0,0,0,0\n")
        self.assertEqual(self.moved(), [("101", True), ("101", False)])
        self.assertEqual(self.ask(b"*IDN?\n"), IDENTITY + b"\n")

    def test_every_split(self):
        data, answer = b"rout:open (@101)\r\nROUTe:OPEN? (@101)\r\nsyst:err?\n", b'1\n+0,"No error"\n'
        for at in range(len(data) + 1):
            self.assertEqual(self.ask(data[:at]) + self.ask(data[at:]), answer)
        self.assertEqual(self.moved(), [("101", True)])

    def test_long_and_short_forms_in_any_case(self):
        for header in (b"ROUT:OPEN?", b"route:open?", b":RoUtE:OpEn?", b"ROUT:CLOS?", b"ROUTE:CLOSE?"):
            self.assertIn(self.ask(header + b" (@101)\n"), (b"0\n", b"1\n"))
        for header in (b"ROU:OPEN?", b"ROUTES:OPEN?", b"ROUT:CLO?", b"ROUT OPEN?", b"ROUT:", b"?"):
            self.assertEqual(self.ask(header + b" (@101)\n"), b"")
            self.assertRegex(self.ask(b"SYSTEM:ERROR?\n"), rb"-1\d\d,")

    def test_ranges_run_over_cards_and_must_exist(self):
        self.ask(b"ROUT:OPEN (@119:202)\n")
        self.assertEqual([a for a, _ in self.moved()], ["119", "120", "201", "202"])
        for text in (b"(@100)", b"(@121)", b"(@401)", b"(@101,199)", b"(@110:101)", b"(@1011)"):
            self.assertEqual(self.ask(b"ROUT:OPEN? " + text + b"\n"), b"")
            self.assertEqual(self.ask(b"SYST:ERR?\n"), b'-222,"Data out of range"\n')
        self.ask(b"ROUT:CLOS (@119,199)\n")
        self.assertEqual(len(self.moved()), 4, "one that does not exist moves none")

    def test_an_error_each(self):
        for command, number in (
            (b"OPEN (@101)", b"-113"),
            (b"ROUT:OPEN", b"-109"),
            (b"ROUT:OPEN 101", b"-102"),
            (b"ROUT:OPEN (@101)*ESE 7", b"-102"),
            (b"*ESE 256", b"-222"),
            (b"\xff\xfe", b"-102"),
        ):
            self.assertEqual(self.ask(command + b"\n"), b"")
            self.assertTrue(self.ask(b"SYST:ERR?\n").startswith(number), command)
        self.assertEqual(self.moved(), [])

    def test_the_queue_holds_ten_and_says_so(self):
        self.ask(b"BAD\n" * 15)
        numbers = [self.ask(b"SYST:ERR?\n").split(b",")[0] for _ in range(11)]
        self.assertEqual(numbers, [b"-113"] * 9 + [b"-350", b"+0"])
        self.ask(b"BAD\n*CLS\n")
        self.assertEqual(self.ask(b"SYST:ERR?\n"), b'+0,"No error"\n')

    def test_a_register_says_what_it_was_told(self):
        self.assertEqual(self.ask(b"*ESE 37\n*ESE?\n"), b"+37\n")
        self.assertEqual(self.ask(b"*ESE 38;*ESE?\n"), b"+38\n")

    def test_preset_and_reset_open_everything_and_are_seen(self):
        for command in (b"SYST:PRES\n", b"SYSTEM:PRESET\n", b"*RST\n"):
            self.ask(b"ROUT:CLOS (@101:320)\n")
            self.instrument.bank.log.clear()
            self.ask(command)
            self.assertEqual(len(self.moved()), len(ADDRESSES))
            self.assertTrue(all(m.cause == "preset" and m.open for m in self.instrument.bank.log))

    def test_power_on_opens_everything(self):
        self.instrument.power_cycle()
        self.assertTrue(all(self.instrument.bank.positions().values()))
        self.assertEqual(self.instrument.bank.log[0].cause, "power-up")

    def test_what_stands_so_already_does_not_move(self):
        self.ask(b"ROUT:CLOS (@101)\nROUT:CLOS (@101:320)\n")
        self.assertEqual(self.moved(), [])

    def test_a_line_without_end_is_thrown_away_with_its_tail(self):
        self.ask(b"x" * 5000)
        self.assertEqual(self.ask(b"ROUT:OPEN (@101)\nROUT:OPEN? (@101)\n"), b"0\n")

    def test_a_line_outlives_its_clients(self):
        self.ask(b"ROUT:OPEN (@1")
        self.line.makeConnection(Client())
        self.assertEqual(self.moved(), [])

    def exchange(self):
        return self.ask(b"ROUT:OPEN (@101)\nSYST:ERR?\n")

    def test_faults(self):
        for fault, answer, moves in (
            (Fault.SILENT, b"", False),
            (Fault.NEVER, b"", True),
            (Fault.TWICE, b'+0,"No error"\n' * 2, True),
            (Fault.REJECTS, b'-221,"Settings conflict"\n', False),
        ):
            self.setUp()
            self.faults.force(fault)
            self.assertEqual(self.exchange(), answer, fault)
            self.assertEqual(bool(self.moved()), moves, fault)

    def test_a_garbled_answer_is_none(self):
        self.faults.force(Fault.GARBLED)
        answer = self.exchange()
        self.assertNotEqual(answer, b'+0,"No error"\n')
        self.assertTrue(answer.endswith(b"\n"))
        self.assertEqual(self.moved(), [("101", True)])

    def test_what_comes_behind_a_late_one_waits_for_it(self):
        self.faults.force(Fault.LATE)
        self.assertEqual(self.exchange(), b"")
        self.assertEqual(self.ask(b"*ESE 9\n*ESE?\n"), b"")
        self.assertEqual(self.moved(), [])
        self.clock.advance(self.faults.late_s)
        self.assertEqual(self.moved(), [("101", True)])
        self.assertEqual(self.client.came, b"")
        self.clock.advance(self.faults.late_s)
        self.assertEqual(self.client.came, b'+0,"No error"\n+9\n')

    def test_a_line_that_drops(self):
        moved = set()
        for _ in range(30):
            self.setUp_with_seed(len(moved) * 100 + _)
            self.faults.force(Fault.DROPS)
            self.exchange()
            self.assertEqual(self.client.dropped >= 1, True)
            moved.add(bool(self.moved()))
        self.assertEqual(moved, {True, False})

    def setUp_with_seed(self, seed):
        self.setUp()
        self.faults.random.seed(seed)


@given(st.binary(max_size=200))
def test_garbage_moves_nothing(data):
    instrument = Agilent34970A(Clock())
    line = AgilentLine(instrument)
    line.makeConnection(Client())
    line.dataReceived(data + b"\n")
    assert instrument.bank.log == [] or b"rout" in data.lower() or b"rst" in data.lower()


@given(st.lists(st.tuples(st.sampled_from(ADDRESSES), st.booleans()), max_size=30), st.randoms())
def test_its_answers_are_its_positions_however_the_bytes_come(moves, rng):
    instrument = Agilent34970A(Clock())
    line, client = AgilentLine(instrument), Client()
    line.makeConnection(client)
    data = b"".join(b"ROUT:%s (@%s)\n" % (b"OPEN" if o else b"CLOS", a.encode()) for a, o in moves)
    data += b"ROUT:OPEN? (@101:320)\n"
    while data:
        at = rng.randint(1, len(data))
        line.dataReceived(data[:at])
        data = data[at:]
    truth = dict.fromkeys(ADDRESSES, False) | dict(moves)
    assert client.came == b",".join(b"1" if truth[a] else b"0" for a in ADDRESSES) + b"\n"
    assert dict(instrument.bank.positions()) == truth
