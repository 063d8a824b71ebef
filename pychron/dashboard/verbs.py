"""What peers may ask of a dashboard over the command port: its values, those that are followed, and that a person has seen."""

from __future__ import annotations

from typing import Any

from pychron.dashboard.interfaces import IDashboard, IDashboardClient
from pychron.dashboard.wire import condition_json, view_json
from pychron.rpc.faults import Fault
from pychron.rpc.verbs import Call, Verb
from pychron.trust.rights import Right


def server_verbs(dashboard: IDashboard) -> tuple[Verb, ...]:
    """Of a node with a dashboard of its own."""

    def values(call: Call) -> dict[str, Any]:
        return {
            "faults": list(dashboard.faults()),
            "values": [view_json(view) for view in dashboard.values()],
            "conditions": [condition_json(view) for view in dashboard.conditions()],
        }

    return (
        Verb("ListValues", Right.OBSERVE, values, "", "Values of this node's dashboard and its conditions"),
    )


def client_verbs(client: IDashboardClient) -> tuple[Verb, ...]:
    """Of a node that follows dashboards."""

    def followed(call: Call) -> dict[str, Any]:
        return {"error": client.error(), "values": [view_json(view) for view in client.values()]}

    def clear(call: Call) -> bool:
        if call.argument:
            raise Fault(4, "ClearDashboard takes no argument", command=call.verb, detail=call.argument)
        client.clear()
        return True

    doc = "A person has seen what installed dashboard servers told: it holds the queue no longer"
    return (
        Verb("ListFollowedValues", Right.OBSERVE, followed, "", "Values of the dashboards that are followed"),
        Verb("ClearDashboard", Right.OPERATE, clear, "", doc),
    )
