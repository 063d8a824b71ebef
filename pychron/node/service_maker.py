"""What twistd asks of each node: its options and its service. The dropins in twisted/plugins name these objects."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, NoReturn

from twisted.application.service import IService
from twisted.python.failure import Failure

from pychron.config.problems import Report
from pychron.node import collector
from pychron.node.exit_status import end_with_failure
from pychron.node.options import CrunchOptions, ExperimentOptions, FurpiOptions, NodeOptions, ValveOptions
from pychron.node.ports import try_ports
from pychron.node.preparation import RootRefused, prepare
from pychron.node.real_world import build_world, emulate
from pychron.node.root_lock import RootInUse, RootLock, RunFiles
from pychron.runtime.plugin import Options


class NodeMaker:
    """One node: `Options` and `makeService`, as twisted.application.service.ServiceMaker looks for them."""

    def __init__(self, options: type[NodeOptions]) -> None:
        self.Options = options

    def makeService(self, options: NodeOptions) -> IService:
        from twisted.internet import reactor

        return make_service(options.value(), reactor)


def make_service(options: Options, reactor: Any) -> IService:
    """The node's service. What is wrong with the root or its ports is on stderr, and SystemExit(1) comes before
    twistd forks: a daemon's parent would otherwise report success, or hang."""
    world = build_world(reactor)
    pool: Any = world.pool

    def failed(failure: Failure) -> None:
        end_with_failure(reactor, failure, "the node could not be set up")

    try:
        service = prepare(
            options, world, emulate=partial(emulate, reactor), set_up_failed=failed, afterwards=pool.close
        )
    except RootRefused as refused:
        _refuse(options, refused.report, lenient_helps=refused.lenient_helps)
    report = service.report
    files = RunFiles.of(options.root, options.role)
    before = len(report.errors)
    try:
        # Held until the process ends.
        RootLock(files).acquire()
    except RootInUse as problem:
        report.error(report.place(files.lock), str(problem), code="running")
    except OSError as problem:
        report.error(report.place(files.lock), f"cannot be written ({problem.strerror})", code="root")
    else:
        try_ports(service.listens, report)
    if len(report.errors) > before:
        _refuse(options, report)
    # A set-up that failed ends the node, and `failed` says why.
    service.when_ready().addCallbacks(lambda _: collector.settle(), lambda _: None)
    return service


def _refuse(options: Options, report: Report, lenient_helps: bool = False) -> NoReturn:
    """The report, one line a problem, and exit status 1. No traceback: it is the person's files that are wrong."""
    count = "1 error" if len(report.errors) == 1 else f"{len(report.errors)} errors"
    remedy = ": mend what is named, or start with --lenient" if lenient_helps else ""
    lines = [*map(str, report.sorted()), f"{options.root}: {count}; the node does not start{remedy}"]
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()
    raise SystemExit(1)


pyvalve = NodeMaker(ValveOptions)
pyexperiment = NodeMaker(ExperimentOptions)
furpi = NodeMaker(FurpiOptions)
pycrunch = NodeMaker(CrunchOptions)
