"""`twistd pycrunch`."""

from twisted.application.service import ServiceMaker

pycrunch = ServiceMaker(
    "pycrunch",
    "pychron.node.service_maker.pycrunch",
    "Pychron data reduction workstation: follows and reduces",
    "pycrunch",
)
