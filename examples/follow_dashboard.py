"""Follow a dashboard with nothing but pyzmq, as an installed DashboardClient does: its configuration, then its values.

python examples/follow_dashboard.py 127.0.0.1 [PORT] [HOW_MANY_VALUES]
"""

import json
import sys

import zmq


def main(host: str, port: int = 8100, most: int = 0) -> int:
    context = zmq.Context()
    news = context.socket(zmq.SUB)
    news.setsockopt(zmq.SUBSCRIBE, b"dashboard ")
    news.setsockopt(zmq.RCVTIMEO, 6000)  # Three heartbeats: after that, nothing that is known is true.
    news.connect(f"tcp://{host}:{port}")
    for value in configuration(context, host, port):
        print(f"{value['tag']} in {value['units'] or '-'}, every {value['period']} s", flush=True)

    seen = 0
    while True:
        try:
            event = json.loads(news.recv().split(b" ", 1)[1])
        except zmq.Again:
            print("the dashboard is silent: its values are unknown", flush=True)
            return 3
        if event["kind"] == "value_update":
            print(f"{event['tag']} = {event['value']:g} {event['units']}", flush=True)
            seen += 1
            if seen == most:
                return 0
        elif event["kind"] != "heartbeat":
            print(f"{event['kind']}: {event.get('message', event.get('tag'))}", flush=True)


def configuration(context: zmq.Context, host: str, port: int) -> list[dict]:
    """The values that are read."""
    ask = context.socket(zmq.REQ)
    ask.setsockopt(zmq.RCVTIMEO, 2000)
    ask.setsockopt(zmq.LINGER, 0)
    ask.connect(f"tcp://{host}:{port + 1}")
    ask.send(b"config_json")
    found = json.loads(ask.recv())
    ask.close()
    return [v for device in found["config"]["devices"] for v in device["values"] if v["enabled"]]


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    try:
        sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
    except zmq.Again:
        sys.exit("it does not answer: is it the port of a dashboard?")
    except KeyboardInterrupt:
        sys.exit(0)
