"""A node's root folder: where it is, and everything that its files say for one role, in one value and one report."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from pychron.config.device_file import DeviceFile
from pychron.config.ini_file import read_ini
from pychron.config.initialization import Initialization
from pychron.config.initialization_file import read_initialization
from pychron.config.problems import Problem, Report
from pychron.extraction_line.files.valves_file import read_valves
from pychron.extraction_line.network.canvas import Canvas
from pychron.extraction_line.network.canvas_file import CONFIG_FILE, FOLDER, find_canvas, read_canvas
from pychron.extraction_line.network.graph import network_of
from pychron.extraction_line.network.proposals import propose
from pychron.extraction_line.parking.park_file import ParkSpec, read_park
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Kind
from pychron.node.known_plugins import EXPERIMENT, NODES, VALVE, ChosenPlugin, choose_plugins, guess_role
from pychron.node.plugins import BUILT_IN, own_names
from pychron.node.root_devices import (
    Devices,
    Drivers,
    actuator_facts,
    check_listed,
    default_actuator,
    disabled_actuators,
    listed_devices,
    remote_lines,
    warn_of_klasses,
)

VALVES_FILES = ("valves.yaml", "valves.yml", "valves.xml")
PREFERENCES = (
    "preferences/extractionline.ini",
    ".appdata/pyvalve/preferences.ini",
    ".appdata/pyexperiment/preferences.ini",
)
Reader = Callable[[Path, Report], object]
"""Checks files of another area: called with the setupfiles folder and the report."""


@dataclass(frozen=True, slots=True)
class RootConfig:
    """All that a root says for one role. Frozen: a change is a new reading and a restart."""

    root: Path
    role: str
    initialization: Initialization
    plugins: tuple[ChosenPlugin, ...]
    """What the node hosts, in file order; those not built yet are marked."""
    devices: Mapping[str, DeviceFile] = field(default_factory=dict)
    """By the name that other files use; the wrapper `switch_controller` stands for its concrete device."""
    line: LineSpec | None = None
    """None where the role has no extraction line."""
    park: ParkSpec = field(default_factory=ParkSpec)
    canvas: Canvas | None = None
    """The lab's drawing; None where it has none, or the role has no line."""
    notes: tuple[str, ...] = ()
    """What a person should know and nobody can mend in a file (safety rules 18 and 23)."""

    @property
    def setupfiles(self) -> Path:
        return self.root / "setupfiles"

    @property
    def node_name(self) -> str:
        return NODES[self.role]

    @property
    def simulated(self) -> bool:
        """The files themselves say that the instruments are emulated."""
        return self.initialization.flag("communication_simulation")


def find_root(said: str | Path | None, role: str, home: Path | None = None) -> Path:
    """The root that was said, else `~/.pychron.<role>`, else an existing laboratory's `~/Pychron`. Absolute."""
    if said:
        return Path(said).expanduser().absolute()
    home = home or Path.home()
    own = home / f".pychron.{role}"
    installed = home / "Pychron"
    if not own.is_dir() and (installed / "setupfiles").is_dir():
        return installed.absolute()
    return own.absolute()


def state_folder(root: Path, role: str, *, simulated: bool, home: Path | None = None) -> Path:
    """Where the node keeps its own files; the folder need not exist yet.

    An emulated line has locks and counts of its own, which never mix with real ones. A root that nobody may write to
    (somebody else's, shown with --simulated) is left alone: its node keeps its files under the person's own state folder.
    """
    name = NODES[role] + ("-simulated" if simulated else "")
    try:
        writable = bool(root.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)) and os.access(
            root, os.W_OK
        )
    except OSError:
        writable = True
    if writable:
        return root / ".appdata" / name
    digest = hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return (home or Path.home()) / ".local" / "state" / "pychron" / f"{root.name}-{digest}" / name


def check_root(
    root: Path,
    role: str | None = None,
    *,
    waive: Sequence[str] = (),
    simulated: bool = False,
    drivers: Drivers | None = None,
    built: Collection[str] = tuple(BUILT_IN),
    own: Collection[str] | None = None,
    readers: Sequence[Reader] = (),
) -> tuple[RootConfig | None, Report]:
    """Read and check everything for a role (guessed where none is said). Touches no device and writes nothing.

    None where there is nothing to start from: no root, no readable initialization.xml or valves file.
    """
    report = Report(root)
    drivers = drivers or Drivers()
    setupfiles = root / "setupfiles"
    path = setupfiles / "initialization.xml"
    if not setupfiles.is_dir():
        what = "there is no folder" if root.is_dir() else f"{root} is no folder, so there is no"
        report.error(
            report.place(setupfiles), f"{what} setupfiles; write a root with `pychron init`", code="root"
        )
        return None, report
    initialization = read_initialization(path, report)
    if initialization is None:
        return None, report
    devices = Devices(setupfiles / "devices", report, (*(drivers.klasses or ()), *drivers.numbers))
    devices.read_all()
    simulated = simulated or initialization.flag("communication_simulation")
    guessed = role is None
    role = role or _guess(root, initialization, devices)
    plugins = choose_plugins(
        initialization, role, report, built=built, own=own_names() if own is None else own, guessed=guessed
    )
    check_listed(plugins, initialization, devices, report)
    listed = listed_devices(plugins)
    line: LineSpec | None = None
    park = ParkSpec()
    canvas: Canvas | None = None
    readable = True
    if any(p.name == "ExtractionLine" for p in plugins):
        line = _line(root, initialization, devices, drivers, plugins, report, waive, simulated)
        readable = line is not None
        if line is not None:
            park = read_park(setupfiles / "park.yaml", line, report)
            canvas = _canvas(setupfiles, report)
    on_line = (
        {} if line is None else {d: None for s in line.switches for d in (s.actuator, s.state_device) if d}
    )
    used = {
        **dict.fromkeys(listed),
        **on_line,
        **dict.fromkeys(remote_lines(devices) if line is not None else ()),
    }
    devices.settle(tuple(used))
    warn_of_klasses(used, devices, drivers, simulated=simulated)
    for reader in readers:
        reader(setupfiles, report)
    if not readable:
        return None, report
    notes: tuple[str, ...] = ()
    if line is not None:
        notes = (*_power_notes(line, devices, drivers), *_crossing_notes(line, devices))
    if line is not None and canvas is not None:
        notes += tuple(str(proposal) for proposal in propose(network_of(canvas), line))
    return RootConfig(root, role, initialization, plugins, devices.found, line, park, canvas, notes), report


def blocking(report: Report, *, lenient: bool) -> list[Problem]:
    """The errors that keep a node from starting. With `lenient` none: what they touch is out of service."""
    return [] if lenient else [problem for problem in report.errors if not problem.costs]


def find_valves_file(root: Path, report: Report) -> Path | None:
    """The valves file that the preferences name, else the one in setupfiles/extractionline; None with an error."""
    folder = root / "setupfiles" / "extractionline"
    there = [folder / name for name in VALVES_FILES if (folder / name).is_file()]
    said = _preferred(root, there, report)
    if said is None and not there:
        report.error(
            report.place(folder / VALVES_FILES[0]),
            "no such file, nor valves.xml; write the switches of the line",
            code="file",
        )
        return None
    chosen = said or there[0]
    for other in there:
        if other != chosen:
            report.warning(
                report.place(other), f"is not read: {chosen.name} goes first; delete one", code="file"
            )
    return chosen


def _preferred(root: Path, there: Sequence[Path], report: Report) -> Path | None:
    for name in PREFERENCES:
        path = root / name
        if not path.is_file():
            continue
        ini = read_ini(path, Report(report.root))  # an old preferences file may hold anything
        value = None if ini is None else ini.sections.get("pychron.extraction_line", {}).get("valves_path")
        if value is None or not value.text or "\n" in value.text:
            continue
        said = Path(value.text).expanduser()
        said = said if said.is_absolute() else root / said
        if said.is_file():
            return said
        windows = PureWindowsPath(value.text).name
        last = windows if "\\" in value.text else PurePosixPath(value.text).name
        same = [p for p in there if p.name == last]
        instead = same or list(there)
        if instead:
            report.warning(
                value.place,
                f"valves_path {value.text} is not on this machine; {instead[0].name} of this root is read instead",
                code="valves_path",
            )
            return instead[0]
        report.warning(value.place, f"valves_path {value.text} is not on this machine", code="valves_path")
    return None


def _guess(root: Path, initialization: Initialization, devices: Devices) -> str:
    said = root.name.removeprefix(".pychron.")
    if said != root.name and said in NODES:
        return said
    role = guess_role(initialization)
    serves = any(p.enabled and p.name == "RemoteCommandServer" for p in initialization.plugins)
    if (
        role == VALVE
        and not serves
        and any(d.klass == "RemoteExtractionLineManager" for d in devices.found.values())
    ):
        return EXPERIMENT
    return role


def _line(
    root: Path,
    initialization: Initialization,
    devices: Devices,
    drivers: Drivers,
    plugins: Sequence[ChosenPlugin],
    report: Report,
    waive: Sequence[str],
    simulated: bool,
) -> LineSpec | None:
    path = find_valves_file(root, report)
    if path is None:
        return None
    facts = actuator_facts(devices, listed_devices(plugins), drivers, simulated=simulated)
    for name, element in disabled_actuators(initialization).items():
        facts.pop(name, None)
        if name not in devices.faults:
            report.warning(
                element.place, f"actuator {name} is disabled: its switches are out of service", code="enabled"
            )
    return read_valves(path, report, actuators=facts, default_actuator=default_actuator(devices), waive=waive)


def _canvas(setupfiles: Path, report: Report) -> Canvas | None:
    path = find_canvas(setupfiles, report)
    return None if path is None else read_canvas(path, report, setupfiles / FOLDER / CONFIG_FILE)


def _power_notes(line: LineSpec, devices: Devices, drivers: Drivers) -> list[str]:
    """What each actuator does by itself, as far as its driver or its file declares it."""
    notes = []
    for name in dict.fromkeys(s.actuator for s in line.switches if s.kind is not Kind.MANUAL_VALVE):
        device = devices.found.get(name)
        if device is None or device.klass == "RemoteExtractionLineManager":
            continue  # another node's relays: its own root declares them
        said = drivers.power_up(device)
        written = [
            f"{k}: {device.general[k]}" for k in ("power_up", "on_computer_loss") if device.general.get(k)
        ]
        text = "; ".join([t for t in (said, *written) if t])
        notes.append(
            f"{name} ({device.klass or 'no klass'}): {text}"
            if text
            else f"{name} ({device.klass or 'no klass'}): its relays at power-up and on loss of the computer are not declared; "
            f"find out and write power_up: and on_computer_loss: into {device.place.file}"
        )
    return notes


def _crossing_notes(line: LineSpec, devices: Devices) -> list[str]:
    """Interlocks and parents between two controllers: enforced by a claim on each node, lost when one is lost."""
    remote = {devices.canonical(name) for name in remote_lines(devices)}
    notes = []
    for spec in line.switches:
        ties = [
            ("interlock", n) for n in spec.interlocks if spec.name < n or spec.name not in _locks(line, n)
        ]
        ties += [("positive interlock", n) for n in spec.positive_interlocks]
        ties += [("parent", spec.parent)] if spec.parent else []
        for what, name in ties:
            other = line.by_name.get(name)
            if (
                other is None
                or Kind.MANUAL_VALVE in (other.kind, spec.kind)
                or other.actuator == spec.actuator
            ):
                continue
            if {other.actuator, spec.actuator} & remote:
                notes.append(
                    f"{what} {spec.name} ({spec.actuator}) - {name} ({other.actuator}) crosses controllers: "
                    "refused while either is lost"
                )
    return notes


def _locks(line: LineSpec, name: str) -> tuple[str, ...]:
    other = line.by_name.get(name)
    return other.interlocks if other is not None else ()
