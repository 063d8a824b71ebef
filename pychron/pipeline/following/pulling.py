"""Brings what is new into a repository that pycrunch follows: fetch, then fast-forward, nothing else.

No local commit is ever discarded, no merge is made, no file that a person changed is touched; what stands in the way is a state with
its remedy (spec 1.8). System git, because it knows the laboratory's credential helpers; without a terminal it cannot hang on a prompt.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, DeferredQueue, DeferredSemaphore
from twisted.logger import Logger
from twisted.python.failure import Failure

from pychron.dvc import layout
from pychron.pipeline.events import Following
from pychron.runtime.deadlines import DeadlinePassed
from pychron.runtime.world import Finished

ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
AT_ONCE = 4
"""Repositories that are fetched at a time."""
_log = Logger()
LOCAL_S = 20.0
"""Deadline of a git that asks nobody else."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """How a repository stands after a look at its remote."""

    state: Following
    why: str = ""
    """With the remedy; empty where all is well."""
    commit: str = ""
    """HEAD."""


class Git:
    """System git on one repository, by the world's processes."""

    def __init__(self, processes: Any, folder: Path, deadline_s: float) -> None:
        """`processes` provides IProcesses; `deadline_s` holds for a git that asks a remote."""
        self._processes = processes
        self._folder = folder
        self._deadline_s = deadline_s

    async def head(self) -> str:
        """The commit that is checked out; empty where there is none, or git does not answer."""
        try:
            done = await self._run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except (DeadlinePassed, OSError):
            return ""
        return _text(done) if done.status == 0 else ""

    async def look(self, pull: bool = True) -> Pulled:
        """Fetch and fast-forward, or without `pull` only look where HEAD is. Never raises for what git says.

        A plain folder is LOCAL and has no commit.
        """
        if not self._folder.is_dir():
            return Pulled(Following.ABSENT, f"there is no folder {self._folder}; clone the repository there")
        if not is_repository(self._folder) or self._processes is None:
            return Pulled(Following.LOCAL)
        try:
            if not pull:
                return Pulled(Following.LOCAL, "", await self.head())
            return await self._pull()
        except DeadlinePassed as passed:
            return Pulled(
                Following.UNREACHED,
                f"{passed}; is the network up, and does the host answer?",
                await self.head(),
            )
        except OSError as failed:
            return Pulled(Following.ABSENT, f"{failed.strerror}: {failed.filename}")

    async def _pull(self) -> Pulled:
        found = await self._run("rev-parse", "--is-bare-repository")
        if found.status != 0:
            return Pulled(Following.ABSENT, f"{self._folder} is no git repository: {_why(found)}")
        upstream = await self._run("rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}")
        if _text(found) == "true" or upstream.status != 0:
            return Pulled(Following.LOCAL, "", await self.head())
        fetched = await self._run(
            "fetch", "--quiet", _text(upstream).partition("/")[0], deadline_s=self._deadline_s
        )
        if fetched.status != 0:
            return Pulled(Following.UNREACHED, _why(fetched), await self.head())
        ahead, behind = _counts(
            await self._run("rev-list", "--left-right", "--count", "HEAD...@{upstream}", "--")
        )
        if ahead and behind:
            why = f"{ahead} commits here and {behind} on {_text(upstream)} go separate ways; merge them by hand: git -C {self._folder} merge"
            return Pulled(Following.DIVERGED, why, await self.head())
        if behind:
            merged = await self._run(
                "merge", "--ff-only", "--quiet", "@{upstream}", deadline_s=self._deadline_s
            )
            if merged.status != 0:
                why = f"{_why(merged)}; commit or set aside what was changed by hand"
                return Pulled(Following.CHANGED, why, await self.head())
        if ahead:
            return Pulled(Following.AHEAD, f"{ahead} commits are not pushed yet: git push", await self.head())
        return Pulled(Following.CURRENT, "", await self.head())

    async def changed(self, old: str, new: str) -> tuple[str, ...] | None:
        """Paths that differ between two commits; None where git does not know one of them, or gives no answer."""
        if not old:
            return None
        try:
            done = await self._run("diff", "--name-only", "--no-renames", "-z", old, new, "--")
        except (DeadlinePassed, OSError):
            return None
        if done.status != 0 or done.cut:
            return None
        return tuple(p for p in done.output.decode("utf-8", "surrogateescape").split("\0") if p)

    async def _run(self, *arguments: str, deadline_s: float = LOCAL_S) -> Finished:
        done: Finished = await self._processes.run(["git", *arguments], self._folder, ENVIRONMENT, deadline_s)
        return done


class Pulls:
    """Several repositories fetched together, a few at a time, handed out as each is here: one whose host is slow holds up none."""

    def __init__(self, pull: Callable[[Path], Awaitable[Pulled]], folders: Sequence[Path]) -> None:
        self._pull = pull
        self._arrived: DeferredQueue[tuple[Path, Pulled]] = DeferredQueue()
        gate = DeferredSemaphore(AT_ONCE)
        self._under_way = [gate.run(self._one, folder).addErrback(_given_up) for folder in folders]

    def next(self) -> Deferred[tuple[Path, Pulled]]:
        """The next that is here. To be asked as often as there are folders."""
        return self._arrived.get()

    def stop(self) -> None:
        """What is still under way is given up."""
        for one in reversed(self._under_way):  # first those that wait for their turn, or each would get one
            one.cancel()

    def _one(self, folder: Path) -> Deferred[None]:
        pulled = Deferred.fromCoroutine(_awaited(self._pull(folder)))
        return pulled.addErrback(_broken).addCallback(lambda found: self._arrived.put((folder, found)))


async def _awaited(pulling: Awaitable[Pulled]) -> Pulled:
    return await pulling


def _broken(failure: Failure) -> Pulled:
    """A fault of ours; whoever waits for it gets a state all the same."""
    if failure.check(CancelledError):
        failure.raiseException()
    _log.failure("a look at a repository failed", failure)
    return Pulled(Following.UNREACHED, f"a fault of the node, see its log: {failure.getErrorMessage()}")


def _given_up(failure: Failure) -> None:
    failure.trap(CancelledError)


def is_repository(folder: Path) -> bool:
    """A git repository of its own, bare or not; a folder somewhere inside another one is none."""
    return (folder / ".git").exists() or (folder / "HEAD").is_file()


def identities(paths: Sequence[str]) -> frozenset[str]:
    """The analyses that changed files belong to; files of the whole repository (settings, productions) belong to none."""
    found = {layout.identity_of(path) or layout.owner_of(path)[0] for path in paths}
    return frozenset(found - {""})


def _text(done: Finished) -> str:
    return done.output.decode("utf-8", "replace").strip()


def _why(done: Finished) -> str:
    """git's own last words."""
    lines = [line for line in done.error.decode("utf-8", "replace").splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    return said or f"git ended with {done.status}"


def _counts(done: Finished) -> tuple[int, int]:
    words = _text(done).split()
    return (int(words[0]), int(words[1])) if done.status == 0 and len(words) == 2 else (0, 0)
