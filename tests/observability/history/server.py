"""A PostgreSQL server of the tests' own, on a port of loopback, with its data in a folder of the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest


def _programs():
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


@contextlib.contextmanager
def postgresql_server():
    """Its URL; skipped with a word where there is no server here."""
    programs = _programs()
    if programs is None:
        pytest.skip("there is no PostgreSQL here")
    user = []
    if os.getuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("PostgreSQL does not run as root, and there is no setpriv")
        user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    # Not below pytest's own folder, which is closed to everybody but its owner.
    with tempfile.TemporaryDirectory(prefix="pychron-postgresql-") as folder:
        if user:
            os.chown(folder, 65534, 65534)
        with _running(programs, user, Path(folder)) as url:
            yield url


@contextlib.contextmanager
def _running(programs, user, folder):
    data = folder / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C"}
    run = {
        "check": True,
        "capture_output": True,
        "env": environment,
        "cwd": folder,
        "timeout": 60,
    }
    subprocess.run(
        [*user, programs / "initdb", "-D", data, "-U", "lab", "-A", "trust", "-N", "-E", "UTF8"], **run
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    control = [*user, programs / "pg_ctl", "-D", data, "-w"]
    subprocess.run(
        [*control, "-l", data / "log", "-o", options, "start"],
        **{**run, "capture_output": False, "stdout": subprocess.DEVNULL},
    )
    try:
        yield f"postgresql://lab@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **run)
