"""The state of a run on disk, so that it goes on after a stop, a kill or a power cut: `run.json` in the run's folder.

Written after each node by temporary name, fsync and rename. It holds what nodes decided, never what can be read again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pychron.dvc.committing import as_bytes, write_durably
from pychron.dvc.interpreted_ages import InterpretedAge
from pychron.dvc.records import Reference, StoredFit, StoredValue
from pychron.pipeline.batch import Override
from pychron.pipeline.events import Flag
from pychron.pipeline.running.state import Committed, FittedHole, Group, State
from pychron.reduction.inputs import Measured, OutlierFilter

VERSION = 3
NAME = "run.json"


class Stands(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    """Under way, or killed."""
    STOPPED = "stopped"
    """A person looks at what a review flagged."""
    FAILED = "failed"
    """A node could not do its work; its report says why."""
    DONE = "done"


class CannotResume(Exception):
    """A run cannot go on from its file. `text` says why and what to do."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class NodeReport:
    """How one node ended."""

    klass: str
    name: str
    text: str
    skipped: bool = False
    faults: tuple[str, ...] = ()


@dataclass(slots=True)
class RunFile:
    """A run, but for what its nodes decided."""

    template: str
    key: str
    """Names template, options and arithmetic: another key is another run"""
    revisions: dict[str, str] = field(default_factory=dict)
    """Repository -> commit when the run began; empty for a plain folder"""
    stands: Stands = Stands.RUNNING
    reports: list[NodeReport] = field(default_factory=list)
    """Of the nodes that are done, in order"""


def save(folder: Path, run: RunFile, state: State) -> None:
    """Write both."""
    document = {
        "version": VERSION,
        "template": run.template,
        "key": run.key,
        "revisions": run.revisions,
        "stands": run.stands.value,
        "reports": [asdict(one) for one in run.reports],
        "state": _state(state),
    }
    write_durably(folder / NAME, as_bytes(document))


def load(folder: Path, state: State) -> RunFile:
    """Read both; `state` takes what its nodes decided. Raises CannotResume."""
    path = folder / NAME
    try:
        document = json.loads(path.read_bytes())
        if document.get("version") != VERSION:
            raise CannotResume(
                f"{path} is of version {document.get('version')}, not {VERSION}; begin anew with --new"
            )
        run = RunFile(
            document["template"],
            document["key"],
            dict(document["revisions"]),
            Stands(document["stands"]),
            [NodeReport(**{**one, "faults": tuple(one["faults"])}) for one in document["reports"]],
        )
        _take(state, document["state"])
    except OSError as failed:
        raise CannotResume(f"{path} cannot be read: {failed.strerror}; begin anew with --new") from None
    except (ValueError, KeyError, TypeError, AttributeError) as damage:
        raise CannotResume(f"{path} is damaged ({damage}); begin anew with --new") from None
    return run


def has_begun(folder: Path) -> bool:
    """Whether a node of the run is done, as far as its file can be read."""
    try:
        return bool(json.loads((folder / NAME).read_bytes())["reports"])
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return True


def _state(state: State) -> dict[str, Any]:
    return {
        "given": state.given,
        "unknowns": state.unknowns,
        "references": state.references,
        "searched": state.searched,
        "overrides": {uuid: asdict(_plain(one)) for uuid, one in state.overrides.items()},
        "flags": {uuid: [asdict(flag) for flag in flags] for uuid, flags in state.flags.items()},
        "groups": [asdict(one) for one in state.groups],
        "wants_ages": state.wants_ages,
        "level": state.level,
        "model_kind": state.model_kind,
        "holes": [asdict(one) for one in state.holes],
        "interpreted": [asdict(one) for one in state.interpreted],
        "cosmogenic": state.cosmogenic,
        "splits": state.splits,
        "judged": state.judged,
        "factors": state.factors,
        "standards": state.standards,
        "commits": [asdict(one) for one in state.commits],
        "written": state.written,
    }


def _plain(one: Override) -> Override:
    return Override(dict(one.intercepts), dict(one.baselines), dict(one.blanks), dict(one.ic_factors))


def _take(state: State, saved: Mapping[str, Any]) -> None:
    state.given = tuple(saved["given"])
    state.choose(saved["unknowns"])
    state.references = tuple(saved["references"])
    state.searched = saved["searched"]
    for uuid, one in saved["overrides"].items():
        state.override(
            uuid,
            Override(
                {key: _fit(fit) for key, fit in one["intercepts"].items()},
                {key: _fit(fit) for key, fit in one["baselines"].items()},
                {key: _value(value) for key, value in one["blanks"].items()},
                {key: _value(value) for key, value in one["ic_factors"].items()},
            ),
        )
    for uuid, flags in saved["flags"].items():
        state.flag(uuid, [Flag(**flag) for flag in flags])
    state.groups = tuple(Group(one["label"], tuple(one["uuids"]), one["within"]) for one in saved["groups"])
    state.wants_ages = saved["wants_ages"]
    state.level = None if saved["level"] is None else (saved["level"][0], saved["level"][1])
    state.model_kind = saved["model_kind"]
    state.holes = tuple(_hole(one) for one in saved["holes"])
    state.interpreted = tuple(
        InterpretedAge(**{**one, "uuids": tuple(one["uuids"])}) for one in saved["interpreted"]
    )
    state.cosmogenic = None if saved["cosmogenic"] is None else tuple(saved["cosmogenic"])
    state.factors = tuple((one[0], one[1], one[2]) for one in saved["factors"])
    state.judged = tuple(saved["judged"])
    state.splits = {uuid: dict(one) for uuid, one in saved["splits"].items()}
    state.standards = {key: (one[0], one[1]) for key, one in saved["standards"].items()}
    state.commits = [Committed(**{**one, "files": tuple(one["files"])}) for one in saved["commits"]]
    state.written = list(saved["written"])


def _fit(one: Mapping[str, Any]) -> StoredFit:
    return StoredFit(
        **{
            **one,
            "outliers": None if one["outliers"] is None else OutlierFilter(**one["outliers"]),
            "user_excluded": tuple(one["user_excluded"]),
            "outlier_excluded": tuple(one["outlier_excluded"]),
            "manual": None if one["manual"] is None else Measured(**one["manual"]),
        }
    )


def _value(one: Mapping[str, Any]) -> StoredValue:
    return StoredValue(**{**one, "references": tuple(Reference(**ref) for ref in one["references"])})


def _hole(one: Mapping[str, Any]) -> FittedHole:
    return FittedHole(
        one["hole"],
        None if one["mean"] is None else tuple(one["mean"]),
        None if one["predicted"] is None else tuple(one["predicted"]),
        (one["lambda_k"][0], one["lambda_k"][1]),
        one["monitor_age_ma"],
        tuple((m[0], m[1], m[2]) for m in one["monitors"]),
    )
