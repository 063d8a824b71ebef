"""`twistd pyvalve`."""

from twisted.application.service import ServiceMaker

pyvalve = ServiceMaker(
    "pyvalve",
    "pychron.node.service_maker.pyvalve",
    "Pychron valve controller: drives the valves and serves them to other nodes",
    "pyvalve",
)
