"""A publisher in a process of its own, plain pyzmq: prints its port, floods at the first line of stdin, then beats.

python flooding_publisher.py COUNT
"""

import json
import sys
import threading

import zmq

context = zmq.Context()
count = int(sys.argv[1])
number = 0


def bind() -> tuple[zmq.Socket, zmq.Socket, int]:
    while True:
        pub, rep = context.socket(zmq.PUB), context.socket(zmq.REP)
        pub.setsockopt(zmq.SNDHWM, 0)
        port = pub.bind_to_random_port("tcp://127.0.0.1")
        try:
            rep.bind(f"tcp://127.0.0.1:{port + 1}")
        except zmq.ZMQError:
            continue
        return pub, rep, port


def answer(rep: zmq.Socket) -> None:
    while True:
        rep.recv()
        rep.send(
            json.dumps({"node": "v", "boot": "b", "seq": number, "time": 0, "state": {"n": number}}).encode()
        )


def frame(kind: str) -> bytes:
    payload = {"n": number, "text": "x" * 100} if kind != "heartbeat" else {}
    fields = {"node": "v", "boot": "b", "seq": number, "time": 0, "kind": kind, "payload": payload}
    return b"pychron " + json.dumps(fields).encode()


def main() -> None:
    global number
    pub, rep, port = bind()
    threading.Thread(target=answer, args=(rep,), daemon=True).start()
    print(port, flush=True)
    sys.stdin.readline()
    for number in range(1, count + 1):  # noqa: B007 (the answering thread reads it)
        pub.send(frame("switch"))
    print("sent", flush=True)
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
    while not stop.wait(0.1):
        pub.send(frame("heartbeat"))
    context.destroy(linger=0)


if __name__ == "__main__":
    main()
