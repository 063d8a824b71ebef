"""kill -9 at any moment: what was acknowledged is in the file, and nothing by halves."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHILD = Path(__file__).with_name("storing_child.py")


def test_every_acknowledged_commit_is_there_and_none_half(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    rng = random.Random(7)
    acknowledged: set[int] = set()
    first = 0
    for _ in range(8):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        child = subprocess.Popen(
            [sys.executable, str(CHILD), str(path), str(first)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        begun = child.stdout.readline()
        assert begun, child.stderr.read()
        time.sleep(rng.uniform(0.0, 0.3))
        child.kill()
        rest, errors = child.communicate()
        assert errors == ""
        # A line that the kill cut off has no end: nobody was told.
        acknowledged |= {
            int(line) for line in (begun + rest).splitlines(keepends=True) if line.endswith("\n")
        }
        first = max(acknowledged) + 1000
    database = sqlite3.connect(path)
    found = {row[0] for row in database.execute("SELECT switch FROM locks")}
    (token,) = database.execute("SELECT value FROM meta WHERE name = 'token'").fetchone()
    audited = {int(row[0]) for row in database.execute("SELECT switch FROM audit")}
    database.close()
    whole = {int(name) for name in found if "+" not in name}
    halves = {int(name.removesuffix("+half")) for name in found if "+" in name}
    assert len(acknowledged) > 50
    assert acknowledged - whole == set()
    assert whole == halves == audited
    assert token == max(whole)
