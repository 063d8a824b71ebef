"""Where a script lies: from the name in a queue or a gosub to a file below `scripts/`. Pure: the caller looks at the disk.

Names are checked by their text: nothing absolute, no `..`, so that no name leaves `scripts/`. A symbolic link that
the lab itself has put there is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from pychron.scripting.script_errors import GosubError

IsFile = Callable[[PurePosixPath], bool]
Folders = Callable[[PurePosixPath], Iterable[str]]


class BadName(GosubError):
    """A name that cannot be a script's."""


class ScriptNotFound(GosubError):
    """`tried` lists the paths looked at, in order."""

    def __init__(self, name: str, tried: tuple[PurePosixPath, ...]) -> None:
        places = ", ".join(str(path) for path in tried[:6])
        more = f" and {len(tried) - 6} more" if len(tried) > 6 else ""
        super().__init__(f"no script {name!r}: looked for {places}{more}")
        self.name = name
        self.tried = tried


def parts(name: str) -> tuple[str, ...]:
    """`felix:PrepareForAirShot` -> ("felix", "PrepareForAirShot.py"). Raises BadName."""
    words = name.strip().replace(":", "/").split("/")
    for word in words:
        if word in ("", ".", "..") or "\\" in word or "\0" in word or word.startswith("~"):
            raise BadName(f"{name!r} cannot be a script's name: write it as `folder:name`, below scripts/")
    if not words[-1].endswith(".py"):
        words[-1] += ".py"
    return tuple(words)


def candidates(name: str, spectrometer: str = "") -> tuple[PurePosixPath, ...]:
    """Relative to the root of the script's type, in the order they are tried: with the mass spectrometer's
    prefix first, whether the name has it already or not."""
    *folders, last = parts(name)
    prefix = f"{spectrometer.lower()}_" if spectrometer else ""
    plain = last.removeprefix(prefix) if prefix and last != f"{prefix}.py" else last
    names = (prefix + plain, plain) if prefix else (plain,)
    return tuple(PurePosixPath(*folders, each) for each in names)


def find_script(name: str, root: PurePosixPath, spectrometer: str, is_file: IsFile) -> PurePosixPath:
    """The script that a queue names, below `root` (as in scripts/extraction). Raises BadName, ScriptNotFound."""
    tried = tuple(root / each for each in candidates(name, spectrometer))
    for path in tried:
        if is_file(path):
            return path
    raise ScriptNotFound(name, tried)


def find_gosub(
    name: str, root: PurePosixPath, scripts: PurePosixPath, is_file: IsFile, folders: Folders
) -> PurePosixPath:
    """The script that `gosub(name)` means: in `root`, else climbing to `scripts`, at each level there itself and in
    its direct sub-folders (in the order of their names). Raises BadName, ScriptNotFound."""
    below = parts(name)
    if ".." in root.parts or not root.is_relative_to(scripts):
        raise BadName(f"gosub({name!r}): its root {root} lies outside of {scripts}")
    tried: list[PurePosixPath] = []
    level = root
    while True:
        around = [level.joinpath(*below)]
        around += [level.joinpath(folder, *below) for folder in sorted(folders(level))]
        for path in around:
            if path not in tried:
                tried.append(path)
                if is_file(path):
                    return path
        if level == scripts:
            raise ScriptNotFound(name, tuple(tried))
        level = level.parent
