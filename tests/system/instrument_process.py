"""`pychron simulate agilent` as a process of its own, at the far end of a pseudo-terminal; its log is the truth."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

from tests.system.twistd_process import environment, until

DEVICE = """\
name: switch_controller
klass: AgilentGPActuator
general: {{power_up: emulated, on_computer_loss: emulated, late_s: {late}}}
communications: {{type: serial, port: {port}, timeout: {timeout}}}
"""


class Instrument:
    """Use it as a context; `unplug` and `plug` in between as often as you like."""

    def __init__(self, folder):
        self.port = folder / "agilent"
        self.log = folder / "relays.log"
        self._output = folder / "agilent.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self):
        self.plug()
        return self

    def __exit__(self, *_):
        self.unplug()

    def plug(self):
        """Start it, all valves closed."""
        words = ("simulate", "agilent", "--pty", "--link", str(self.port), "--log", str(self.log))
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pychron.cli.main", *words],
                env=environment(),
                stdout=output,
                stderr=output,
            )
        until(self._is_there, f"the instrument is there: {self._output.read_text()}")

    def _is_there(self):
        assert self.process.poll() is None, self._output.read_text()
        return self.port.exists()

    def unplug(self):
        """The line drops, as when an adapter is pulled."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(20)

    def device_file(self, timeout_s, late_s):
        """What a root says to reach it."""
        return DEVICE.format(port=self.port, timeout=timeout_s, late=late_s)

    def movements(self):
        """(address, open) of each movement of a relay, whatever caused it."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [(m["address"], m["open"]) for m in map(json.loads, lines)]
