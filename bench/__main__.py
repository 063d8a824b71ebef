"""`python -m bench [NAME ...]`: run the modules listed (or those named), print one table; status 1 where a row misses."""

from __future__ import annotations

import importlib
import sys

from bench.rows import Row, print_table

MODULES = (
    "rpc_throughput",
    "state_words",
    "broadcast_latency",
    "silent_bus",
    "garbage",
    "fsyncs",
    "store_fsync",
    "fan_out",
    "flood",
    "web",
    "reduction",
    "repository",
)


def main(names: list[str]) -> int:
    rows: list[Row] = []
    for name in names or MODULES:
        print(f"bench.{name} ...", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"bench.{name}").run()
    return 0 if print_table(rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
