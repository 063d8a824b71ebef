"""The command line of a node: `twistd [-n] pyvalve --root DIR ...`."""

from __future__ import annotations

from typing import Any

from twisted.python import usage

from pychron.node.root import find_root
from pychron.node.root_lock import RunFiles, forget_dead_node
from pychron.runtime.plugin import Options

_TWISTD_PID_FILE = "twistd.pid"
"""What twistd takes when nobody says another."""


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError("a port is a number from 0 (any free one) to 65535")
    return number


class NodeOptions(usage.Options):
    """What all nodes have in common; each role has its subclass."""

    role = ""
    optParameters = [
        ["root", None, None, "The node's root folder, with setupfiles/ inside (default: ~/.pychron.ROLE)."],
        [
            "port",
            None,
            None,
            "Command port instead of the one in the files; 0 = any free one, and the log says which.",
            _port,
        ],
        [
            "publish-port",
            None,
            None,
            "Publish port instead of the one in the files (replies: the next one); 0 = any free pair, and the log "
            "says which.",
            _port,
        ],
        [
            "web-port",
            None,
            None,
            "Port of the live page instead of the one in the files; 0 = any free one, and the log says which.",
            _port,
        ],
    ]
    optFlags = [
        [
            "lenient",
            None,
            "Start in spite of errors in the files: the switches that they touch are out of service.",
        ],
        [
            "simulated",
            None,
            "Emulate the instruments; peers are never replaced. Marked in all that the node says.",
        ],
    ]

    def __init__(self) -> None:
        usage.Options.__init__(self)
        self["waive"] = ()

    def opt_waive(self, fault: str) -> None:
        """Put up with one fault by name, as in F:interlock=X. May be repeated; audited."""
        self["waive"] = (*self["waive"], fault)

    def postOptions(self) -> None:
        """Make paths absolute: a daemon changes its folder. Put the pid file and the log into the root: two nodes
        that are started in one folder would take each other's."""
        root = self["root"] = find_root(self["root"], self.role)
        parent: Any = getattr(self, "parent", None)
        if parent is None or not root.is_dir():
            return
        files = RunFiles.of(root, self.role)
        if parent.get("pidfile") == _TWISTD_PID_FILE:
            forget_dead_node(files)
            parent["pidfile"] = str(files.pid)
        if not any(parent.get(key) for key in ("nodaemon", "debug", "logfile", "logger", "syslog")):
            parent["logfile"] = str(files.log)

    def value(self) -> Options:
        """As the rest of the program reads them."""
        return Options(
            root=self["root"],
            role=self.role,
            port=self["port"],
            publish_port=self["publish-port"],
            web_port=self["web-port"],
            simulated=bool(self["simulated"]),
            lenient=bool(self["lenient"]),
            waive=self["waive"],
        )


class ValveOptions(NodeOptions):
    """pyvalve"""

    role = "valve"


class ExperimentOptions(NodeOptions):
    """pyexperiment"""

    role = "experiment"


class FurpiOptions(NodeOptions):
    """furpi"""

    role = "furpi"


class CrunchOptions(NodeOptions):
    """pycrunch"""

    role = "crunch"
