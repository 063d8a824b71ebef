"""What a started node consists of is left to itself by the collector of cycles; what comes later is not."""

import subprocess
import sys

CODE = """
import gc, weakref
from pychron.node import collector

class Loop:
    def __init__(self):
        self.me = self

stays = Loop()
collector.settle()
assert gc.get_freeze_count() > 1000, gc.get_freeze_count()
assert not any(one is stays for one in gc.get_objects())
assert gc.isenabled()
lost = weakref.ref(Loop())
made = [[] for _ in range(collector.YOUNG + 100)]
assert lost() is None
"""


def test_what_was_there_is_frozen_and_later_cycles_still_go():
    subprocess.run([sys.executable, "-c", CODE], check=True, timeout=60)
