"""The audit trail of a run: the commit of each file that its numbers come from, the constants, the versions of the code."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from pychron.dvc.metadata import MetaData
from pychron.pipeline.explain import code, constants, meta_paths
from pychron.pipeline.running.state import State


def audit(state: State) -> dict[str, Any]:
    """For JSON. A file without a commit stands in a plain folder; one in `uncommitted` differs from its commit."""
    unknowns = frozenset(state.unknowns)
    used = [*state.unknowns, *(uuid for uuid in state.references if uuid not in unknowns)]
    trees: dict[str, Any] = {}
    paths: dict[str, dict[str, None]] = {}
    analyses = []
    for uuid in used:
        loaded = state.one(uuid)
        tree, analysis = loaded.repository.tree, loaded.analysis
        held = loaded.repository.frozen.files(analysis.irradiation, analysis.level)
        files = {**analysis.files, **held}
        trees[tree.name] = tree
        paths.setdefault(tree.name, {}).update(dict.fromkeys(files.values()))
        analyses.append(
            {
                "uuid": uuid,
                "record_id": analysis.record_id,
                "as": "unknown" if uuid in unknowns else "reference",
                "repository": tree.name,
                "files": files,
                "meta_commit_at_measurement": analysis.meta_commit,
            }
        )
    meta = state.workspace.meta
    if meta is not None:
        trees[meta.tree.name] = meta.tree
        paths[meta.tree.name] = dict.fromkeys(_of_metadata(state, meta))
    return {
        "code": code(),
        "constants": constants(state.arithmetic),
        "repositories": [
            {
                "name": name,
                "revision": trees[name].revision,
                "uncommitted": trees[name].uncommitted(paths[name]),
                "commits": dict(sorted(trees[name].commits(paths[name]).items())),
            }
            for name in sorted(trees)
        ],
        "analyses": analyses,
        "commits_made": [
            {"repository": one.repository, "commit": one.commit, "subject": one.subject, "files": list(one.files)}
            for one in state.commits
        ],
    }  # fmt: skip


def _of_metadata(state: State, meta: MetaData) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for uuid in state.unknowns:
        loaded = state.one(uuid)
        key = loaded.analysis.irradiation, loaded.analysis.level
        if key not in seen:
            seen.add(key)
            yield from meta_paths(loaded, meta).values()


def as_csv(trail: dict[str, Any]) -> str:
    """One row a file of an analysis: for people with a spreadsheet."""
    commits = {one["name"]: one["commits"] for one in trail["repositories"]}
    loose = {one["name"]: set(one["uncommitted"]) for one in trail["repositories"]}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ("record_id", "uuid", "as", "what", "repository", "path", "commit", "uncommitted_changes")
    )
    for one in trail["analyses"]:
        name = one["repository"]
        for what, path in one["files"].items():
            changed = "yes" if path in loose[name] else ""
            writer.writerow(
                (
                    one["record_id"],
                    one["uuid"],
                    one["as"],
                    what,
                    name,
                    path,
                    commits[name].get(path, ""),
                    changed,
                )
            )
    return out.getvalue()
