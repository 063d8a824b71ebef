"""Pushes what a run committed, by system git, which knows the laboratory's credential helpers. Called outside the reactor."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pychron.pipeline.following.pulling import ENVIRONMENT


def push(folder: Path, deadline_s: float) -> str:
    """Push the branch that is checked out to its upstream; why it could not, or an empty text. Nothing is ever forced."""
    try:
        done = subprocess.run(
            ["git", "push", "--quiet"],
            cwd=folder,
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=deadline_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {deadline_s:g} s; is the network up, and does the host answer?"
    except OSError as failed:
        return f"git cannot be started: {failed.strerror}"
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    said = next(
        (line for line in lines if line.startswith(("fatal:", "error:", " !"))), lines[-1] if lines else ""
    )
    return said.strip() or f"git ended with {done.returncode}"
