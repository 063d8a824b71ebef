"""The device files of a root: which the node's plugins use, which are only there, and what drives the switches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pychron.config.device_file import SUFFIXES, DeviceFile, concrete, find_device_file, read_device_file
from pychron.config.initialization import DeviceElement, Initialization, ManagerElement
from pychron.config.klasses import ACTUATORS, BY_NAME, REMOTE_LINES
from pychron.config.problems import Problem, Report
from pychron.extraction_line.files.valves_rules import ActuatorFacts
from pychron.extraction_line.specs import DEFAULT_ACTUATOR
from pychron.node.known_plugins import ChosenPlugin

MOST_FILES = 500
Validate = Callable[[DeviceFile], Callable[[str], str]]
"""Gives, for a device, the check of one address by its driver."""


def _any_address(device: DeviceFile) -> Callable[[str], str]:
    return lambda address: ""


@dataclass(frozen=True, slots=True)
class Drivers:
    """What the checks must know of the drivers that exist; `hardware/` knows it, the node hands it in."""

    klasses: Collection[str] | None = None
    """Names of `klass` that have a driver; None: not known, nothing is said about it."""
    numbers: Collection[str] = ()
    """Names of `klass` whose numbers the dashboard can read."""
    validate: Validate = _any_address
    where: Callable[[DeviceFile], tuple[str, ...]] = lambda device: ()
    """The one instrument that a device file leads to, by driver and port; empty where that cannot be told."""
    power_up: Callable[[DeviceFile], str] = lambda device: ""
    """What a driver declares of its relays at power-up and on loss of the computer; empty: nothing."""


@dataclass(slots=True)
class Devices:
    """All device files of the folder by the name that others use for them: the file's own, without its ending."""

    folder: Path
    report: Report
    klasses: Collection[str] = ()
    """Names of `klass` that a lab's own drivers bring."""
    found: dict[str, DeviceFile] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    """What is wrong in each: errors where the node uses it, warnings where it does not."""
    faults: dict[str, str] = field(default_factory=dict)
    """By name: why the device cannot be used, as FILE:LINE: text."""

    def read_all(self) -> None:
        """Read every file of the folder."""
        try:
            names = sorted({p.stem for p in self.folder.iterdir() if p.suffix in SUFFIXES and p.is_file()})
        except OSError:
            return
        for name in names[:MOST_FILES]:
            self.read(name)

    def read(self, name: str) -> DeviceFile | None:
        """The device that `name` means, its wrapper resolved; None where there is no readable file."""
        if name in self.reports:
            return self.found.get(name)
        report = self.reports[name] = Report(self.report.root)
        path = find_device_file(self.folder, name)
        if path is None:
            return None
        device = read_device_file(path, report, self.klasses)
        for suffix in SUFFIXES[SUFFIXES.index(path.suffix) + 1 :]:
            second = path.with_suffix(suffix)
            if second.is_file():
                report.warning(
                    report.place(second), f"is not read: {path.name} goes first; delete one", code="file"
                )
        if device is not None:
            device = self.found[name] = concrete(device, self.folder, report, self.klasses)
        if device is None or device.faulty:
            self.faults[name] = (
                str(report.errors[0]).replace(": error: ", ": ", 1) if report.errors else "is faulty"
            )
        return device

    def canonical(self, name: str) -> str:
        """The name of the file that means `name`, which may be what the file itself says (`name: ExtractionLine`)."""
        if name in self.found:
            return name
        return next((stem for stem, device in self.found.items() if device.name == name), name)

    def settle(self, used: Collection[str]) -> None:
        """Hand over what is wrong: a file that the node does not use cannot keep it from starting."""
        stems = {self.canonical(name) for name in used}
        for name, report in self.reports.items():
            for problem in report.problems:
                self.report.add(problem if name in stems else _only_warned(problem))


def _only_warned(problem: Problem) -> Problem:
    return replace(problem, severity="warning", touches=())


def listed_devices(plugins: Iterable[ChosenPlugin]) -> dict[str, DeviceElement]:
    """The enabled device elements of the plugins that the node hosts, by name."""
    found: dict[str, DeviceElement] = {}
    for plugin in plugins:
        if plugin.element is not None:
            for device in plugin.element.all_devices():
                if device.enabled and device.name:
                    found.setdefault(device.name, device)
    return found


def check_listed(
    plugins: Iterable[ChosenPlugin], initialization: Initialization, devices: Devices, report: Report
) -> None:
    """A listed device has a file, agrees with it, and is not at once required and disabled."""
    pardoned = initialization.flag("ignore_initialization_required")
    for plugin in plugins:
        if plugin.element is None or not plugin.built:
            continue
        for element in plugin.element.all_devices():
            if element.enabled:
                _check_one(element, devices, report)
            elif element.required and element.name and not pardoned:
                report.error(
                    element.place,
                    f"device {element.name} is required and disabled; enable it, or write <required>false</required>",
                    code="required",
                )


def _check_one(element: DeviceElement, devices: Devices, report: Report) -> None:
    device = devices.read(element.name)
    if device is None:
        if element.name and element.name not in devices.faults:
            report.error(
                element.place,
                f"device {element.name} has no file devices/{element.name}.yaml (.yml, .cfg)",
                code="device",
                value=element.name,
            )
        return
    if element.klass and not device.klass:
        devices.found[element.name] = replace(device, klass=element.klass)
    elif element.klass and element.klass not in ("SwitchController", device.klass):
        report.warning(
            element.place,
            f"device {element.name} is a {element.klass} here and a {device.klass} in {device.place}; the file counts",
            code="klass",
        )


def disabled_actuators(initialization: Initialization) -> dict[str, DeviceElement]:
    """Devices of switch managers that the file disables: no switch may rest on one."""
    found: dict[str, DeviceElement] = {}
    for plugin in initialization.plugins:
        waiting: list[ManagerElement] = list(plugin.managers)
        while waiting:
            manager = waiting.pop()
            waiting += manager.managers
            for device in manager.devices:
                if manager.name == "switch_manager" and not (device.enabled and manager.enabled):
                    found[device.name] = device
    return found


def actuator_facts(
    devices: Devices, listed: Mapping[str, DeviceElement], drivers: Drivers, *, simulated: bool
) -> dict[str, ActuatorFacts]:
    """Every device that a switch may name, by file name and by the name inside the file."""
    facts: dict[str, ActuatorFacts] = {}
    for name in (*listed, *devices.found):
        if name in facts:
            continue
        device = devices.found.get(name)
        fault = devices.faults.get(name, "")
        klass = device.klass if device is not None else ""
        if not fault and device is not None:
            fault = _no_driver(device, drivers, simulated=simulated)
        if device is None and not fault:
            continue  # there is no file: told at the element
        check = drivers.validate(device) if device is not None else lambda a: ""
        own = ActuatorFacts(
            name, klass in BY_NAME, check, fault, drivers.where(device) if device is not None else ()
        )
        facts[name] = own
    for name, device in devices.found.items():
        facts.setdefault(device.name, facts[name])
    return facts


def _no_driver(device: DeviceFile, drivers: Drivers, *, simulated: bool) -> str:
    if not device.klass:
        return (
            f"{device.place}: names no klass; write klass: AgilentGPActuator or whatever drives the switches"
        )
    if (
        drivers.klasses is None
        or simulated
        or device.klass in drivers.klasses
        or device.klass in REMOTE_LINES
    ):
        return ""
    return (
        f"{device.place}: klass {device.klass} has no driver here yet (--simulated starts without hardware)"
    )


def warn_of_klasses(used: Iterable[str], devices: Devices, drivers: Drivers, *, simulated: bool) -> None:
    """Name each used klass that has no driver yet."""
    if drivers.klasses is None:
        return
    for name in used:
        device = devices.found.get(devices.canonical(name))
        known = (*drivers.klasses, *drivers.numbers, *REMOTE_LINES)
        if device is None or not device.klass or device.klass in known:
            continue
        does = "a generic relay bank takes its place" if device.klass in ACTUATORS else "it is left out"
        devices.report.warning(
            device.place,
            f"klass {device.klass} of {name} has no driver here yet; with --simulated {does}",
            code="driver",
            value=device.klass,
        )


def default_actuator(devices: Devices) -> str:
    """What drives a switch whose file names nothing: `switch_controller`, or the one remote line of the root."""
    if DEFAULT_ACTUATOR in devices.found or DEFAULT_ACTUATOR in devices.faults:
        return DEFAULT_ACTUATOR
    remote = remote_lines(devices)
    return remote[0] if len(remote) == 1 else DEFAULT_ACTUATOR


def remote_lines(devices: Devices) -> list[str]:
    """Names of devices that are valve controllers."""
    return [name for name, device in devices.found.items() if device.klass in REMOTE_LINES]
