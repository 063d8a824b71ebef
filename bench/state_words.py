"""The state word of 1,000 valves against the state of one, by the same connection to a real pyvalve."""

from __future__ import annotations

import time
from statistics import median

from bench.pyvalve_process import DUMMY, Asker, pyvalve, valve
from bench.rows import Row, at_most

VALVES = 1000
ASKED = 3000
WARM_UP = 200
LIMIT = 1.5
DEVICE = "relays"


def run() -> list[Row]:
    names = [f"V{n}" for n in range(VALVES)]
    lines = "".join(valve(name, DEVICE, str(n)) for n, name in enumerate(names))
    times: dict[str, list[float]] = {"GetValveStates": [], "GetValveState": []}
    with pyvalve(lines, {DEVICE: DUMMY.format(name=DEVICE)}) as port:
        asker = Asker(port)
        asker.until("GetValveState V0", (b"False",))
        word = asker.ask("GetValveStates")
        if word.count(b"V") != VALVES:
            raise RuntimeError(f"the state word has {word.count(b'V')} valves")
        for n in range(ASKED):
            for verb, found in times.items():
                request = verb if verb == "GetValveStates" else f"{verb} {names[n % VALVES]}"
                began = time.perf_counter()
                asker.ask(request)
                found.append(time.perf_counter() - began)
        asker.close()
    ours, peer = (median(found[WARM_UP:]) * 1e6 for found in times.values())
    return [at_most(f"GetValveStates, {VALVES:,} valves, p50 us (GetValveState)", ours, peer, LIMIT)]
