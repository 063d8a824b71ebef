"""What the reduction says on the air, each event once."""

from __future__ import annotations

import contextlib
from typing import Any

from pychron.broadcast.interfaces import Announcement, INotifier
from pychron.extraction_line.events import PeerChanged
from pychron.pipeline.ages.results import as_object
from pychron.pipeline.events import (
    AnalysisReduced,
    ControlPointAdded,
    RepositoryFollowed,
    RunMissing,
    RunningSample,
    RunningSampleChanged,
)


def announce(notifier: INotifier) -> None:
    """Tell the notifier how each event of this area goes out."""

    def reduced(event: AnalysisReduced) -> Announcement:
        return Announcement("reduced", as_object(event))

    def followed(event: RepositoryFollowed) -> Announcement:
        return Announcement("repository", repository_object(event), event.time)

    def running(event: RunningSampleChanged) -> Announcement:
        return Announcement("running_sample", {"identifier": event.identifier}, event.time)

    def point(event: ControlPointAdded) -> Announcement:
        one = event.point
        payload = {
            "chart": event.chart,
            "units": event.units,
            "record_id": one.record_id,
            "value": one.value,
            "error": one.error,
            "verdict": one.verdict.value,
            "centre": event.centre,
            "sigma": event.sigma,
        }
        return Announcement("control_point", payload)

    def missing(event: RunMissing) -> Announcement:
        return Announcement("run_missing", {"uuid": event.uuid, "waited_s": event.waited_s, "why": event.why})

    def peer(event: PeerChanged) -> Announcement:
        return Announcement("peer", {"peer": event.peer, "connected": event.connected, "why": event.why})

    notifier.announce(AnalysisReduced, reduced)
    notifier.announce(RepositoryFollowed, followed)
    notifier.announce(RunningSampleChanged, running)
    notifier.announce(ControlPointAdded, point)
    notifier.announce(RunMissing, missing)
    # Another plugin of the node may follow peers too; one of the two says so.
    with contextlib.suppress(ValueError):
        notifier.announce(PeerChanged, peer)


def repository_object(one: RepositoryFollowed) -> dict[str, Any]:
    """For JSON."""
    return {"repository": one.repository, "state": one.state.value, "why": one.why, "commit": one.commit}


def sample_object(one: RunningSample) -> dict[str, Any]:
    """For JSON, with its analyses."""
    return {
        "identifier": one.identifier,
        "sample": one.sample,
        "repository": one.repository,
        "irradiation": one.irradiation,
        "analyses": [as_object(result) for result in one.analyses],
        "updated": one.updated,
    }
