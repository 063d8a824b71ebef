"""`twistd pyexperiment`."""

from twisted.application.service import ServiceMaker

pyexperiment = ServiceMaker(
    "pyexperiment",
    "pychron.node.service_maker.pyexperiment",
    "Pychron acquisition computer: runs scripts and queues",
    "pyexperiment",
)
