"""Where a node has its repositories: `setupfiles/dvc.yaml`, or the places of installed laboratories. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pychron.config.fields import Fields
from pychron.config.problems import Place, Report
from pychron.config.yaml_file import YamlTable, leaves, read_yaml

FILE = Path("setupfiles", "dvc.yaml")
META = "data/.dvc/MetaData"
REPOSITORIES = "data/.dvc/repositories"
PULL_S = 60.0


@dataclass(frozen=True, slots=True)
class Locations:
    """What the file says; every path absolute."""

    meta: Path
    repositories: Path
    """A folder of repositories."""
    pull: bool
    """Bring new commits from the remotes."""
    pull_s: float
    """A git that asks a remote is ended after this time."""
    place: Place

    def repository_folders(self) -> tuple[Path, ...]:
        """The folders in `repositories`, by name, whatever is in them."""
        if not self.repositories.is_dir():
            return ()
        return tuple(
            sorted(p for p in self.repositories.iterdir() if p.is_dir() and not p.name.startswith("."))
        )


def read_locations(root: Path, report: Report) -> Locations:
    """Read it. A repository may be cloned later; where not even the folder around its place is there, that is a warning."""
    path = root / FILE
    place = report.place(path)
    fields = Fields({}, place, report, "dvc")
    if path.exists():
        node = read_yaml(path, report)
        if isinstance(node, YamlTable):
            fields = Fields(leaves(node), node.place, report, "dvc")
        elif node is not None:
            report.error(node.place, "dvc: write keys here, such as `meta: data/.dvc/MetaData`", code="yaml")
    found = Locations(
        meta=_path(root, fields.text("meta", META)),
        repositories=_path(root, fields.text("repositories", REPOSITORIES)),
        pull=fields.flag("pull", True),
        pull_s=fields.seconds("pull_timeout", PULL_S),
        place=place,
    )
    fields.unknown(near_is_error=True)
    for key, folder in (("meta", found.meta), ("repositories", found.repositories)):
        if not folder.is_dir() and not folder.parent.is_dir():
            report.warning(
                fields.place_of(key), f"{key}: there is no folder {folder} yet; clone it there", code=key
            )
    return found


def _path(root: Path, text: str) -> Path:
    path = Path(text).expanduser()
    return path if path.is_absolute() else root / path
