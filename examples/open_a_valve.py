"""Open or close a valve over the command port, with a plain socket and JSON.

python examples/open_a_valve.py 127.0.0.1 A           opens A
python examples/open_a_valve.py 127.0.0.1 A Close     closes it
python examples/open_a_valve.py 127.0.0.1:1061 A
"""

import json
import secrets
import socket
import sys

WITHIN_S = 2
"""The node does not begin what has waited longer: we are gone by then."""


def main(where: str, valve: str, verb: str = "Open") -> int:
    host, _, port = where.partition(":")
    with socket.create_connection((host, int(port or 1061)), timeout=10) as connection:
        request = {
            "command": verb,
            "value": valve,
            "id": f"{secrets.token_hex(4)}:1",  # The same id again would move nothing and get the same answer.
            "within": WITHIN_S,
        }
        connection.sendall(json.dumps(request).encode() + b"\n")
        line = connection.makefile("rb").readline()
    if not line:
        print("no answer: it may have happened. Look before you ask again.")
        return 3
    reply = json.loads(line)
    if "error" in reply:
        error = reply["error"]
        print(f"refused, fault {error['code']:03d}: {error['text']}")
        return 1
    # `OK`: driven and confirmed just now. `ok`: it was so already, and was read just now.
    print(f"{verb} {valve}: {reply['result']}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        sys.exit(main(*sys.argv[1:]))
    except TimeoutError:
        sys.exit("no answer in time: it may have happened. Look before you ask again.")
    except OSError as problem:
        sys.exit(f"{sys.argv[1]}: {problem.strerror or problem}")
