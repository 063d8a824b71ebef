"""Follow the valves of a node with nothing but pyzmq: a snapshot first, then every change.

python examples/watch_valves.py 127.0.0.1 [PORT] [HOW_MANY_CHANGES]
"""

import json
import sys

import zmq


def main(host: str, port: int = 5555, most: int = 0) -> int:
    context = zmq.Context()
    news = context.socket(zmq.SUB)
    news.setsockopt(zmq.SUBSCRIBE, b"pychron ")
    news.setsockopt(zmq.RCVTIMEO, 6000)  # Three heartbeats: after that, nothing that is known is true.
    news.connect(f"tcp://{host}:{port}")
    news.recv()  # It listens: what happens from now on is not missed.

    boot, number = snapshot(context, host, port)
    seen = 0
    while True:
        try:
            message = json.loads(news.recv().split(b" ", 1)[1])
        except zmq.Again:
            print("the node is silent: its valves are unknown", flush=True)
            return 3
        if message["boot"] != boot or message["seq"] > number + 1:
            boot, number = snapshot(context, host, port)  # Another start of the node, or something was lost.
            continue
        if message["kind"] == "heartbeat" or message["seq"] <= number:
            continue
        number = message["seq"]
        if message["kind"] == "valve":
            valve = message["payload"]
            print(f"{valve['name']} {valve['before']} -> {valve['state']} ({valve['evidence']})", flush=True)
            seen += 1
            if seen == most:
                return 0


def snapshot(context: zmq.Context, host: str, port: int) -> tuple[str, int]:
    """What the node knows now; its boot, and the number of the last event that is in it."""
    ask = context.socket(zmq.REQ)
    ask.setsockopt(zmq.RCVTIMEO, 2000)
    ask.setsockopt(zmq.LINGER, 0)
    ask.connect(f"tcp://{host}:{port + 1}")
    ask.send(b"snapshot")
    found = json.loads(ask.recv())
    ask.close()
    for valve in found["state"]["extraction_line"]["valves"]:
        print(f"{valve['name']} is {valve['state']}", flush=True)
    return found["boot"], found["seq"]


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    try:
        sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
    except zmq.Again:
        sys.exit(f"{sys.argv[1]}: no answer; does the node run, and may it be reached from here?")
