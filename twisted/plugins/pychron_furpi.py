"""`twistd furpi`."""

from twisted.application.service import ServiceMaker

furpi = ServiceMaker(
    "furpi",
    "pychron.node.service_maker.furpi",
    "Pychron furnace controller: drives a furnace and its valves",
    "furpi",
)
