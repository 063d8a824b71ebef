"""Device files: `devices/[sub/]NAME.yaml`, `.yml` or `.cfg`, sectioned or flat, as one frozen value.

Spec rpc-and-valves 2.1 and 5.3, hardware 1.0 and 6. Sections keep the names of the files in lower case.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pychron.config.fields import Fields, Value
from pychron.config.ini_file import read_ini
from pychron.config.klasses import KLASSES, SWITCH_CONTROLLER, from_old_type
from pychron.config.problems import Place, Report, nearest
from pychron.config.yaml_file import YamlTable, YamlText, leaves, read_yaml, texts

SUFFIXES = (".yaml", ".yml", ".cfg")
GENERAL = "general"
COMMUNICATIONS = "communications"
TRANSPORTS = (
    "serial",
    "ethernet",
    "modbus",
    "modbustcp",
    "gpib",
    "visa",
    "telnet",
    "rpc",
    "zmq",
    "opc",
    "mcode",
    "mcc",
    "watlowstandardbus",
)
FLOW_CONTROLS = ("none", "xonxoff", "rtscts")
COMMUNICATIONS_KEYS = (
    *(
        "type",
        "scheduler",
        "verbose",
        "write_terminator",
        "read_terminator",
        "terminator",
        "terminator_position",
    ),
    *(
        "backend",
        "fixture_path",
        "scenario_path",
        "simulator_protocol",
        "simulator_seed",
        "replay_mode",
        "faults",
    ),
    *(
        "port",
        "baudrate",
        "bytesize",
        "parity",
        "stopbits",
        "timeout",
        "clear_output",
        "read_delay",
        "hold_dtr",
        "flow_control",
    ),
    *("host", "kind", "read_port", "test_cmd", "use_end", "strip", "message_frame", "default_datasize"),
    *("slave_address", "use_modbus", "byteorder", "wordorder", "primary_address", "secondary_address"),
    *(
        "address",
        "interface",
        "board",
        "manufacture_id",
        "model_code",
        "serial_number",
        "protocol",
        "gid",
        "uid",
    ),
    *("localid", "serialnum", "identifier", "board_num", "late_s", "publish_port", "update_period", "mode"),
)
FLAT_COMMUNICATIONS = frozenset(COMMUNICATIONS_KEYS) - {"type", "address", "protocol"}
"""Keys that belong to `[Communications]` where a YAML file has no sections (the seed's form)."""
GENERAL_KEYS = (
    *(
        "name",
        "klass",
        "type",
        "address",
        "invert",
        "inverted",
        "units",
        "description",
        "enabled",
        "required",
    ),
    *(
        "slot",
        "channel",
        "trigger_count",
        "min",
        "max",
        "bits",
        "dio",
        "cutout",
        "late_s",
        "power_up",
        "on_computer_loss",
    ),
    *(
        "active_low",
        "pin",
        "display_name",
        "state_freq",
        "lock_freq",
        "owner_freq",
        "checksum_freq",
        "update_period",
        "accept_simulated",
    ),
)


@dataclass(frozen=True, slots=True)
class DeviceFile:
    """What one device's file says. Keys and section names are in lower case, values are texts."""

    name: str
    """As the file writes it, else the file's own name."""
    klass: str
    """Empty where the file names none."""
    place: Place
    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    line_of: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By section and key."""
    faulty: bool = False
    """An error stands in the report: nothing may be driven through it."""

    @property
    def general(self) -> Mapping[str, str]:
        return self.sections.get(GENERAL, {})

    @property
    def communications(self) -> Mapping[str, str]:
        return self.sections.get(COMMUNICATIONS, {})

    def fields(self, section: str, report: Report) -> Fields:
        """Typed getters over one section (an absent one is empty); what they cannot read goes to `report`."""
        key = section.lower()
        values = {
            k: (Value(text, Place(self.place.file, self.line_of.get((key, k), self.place.line))),)
            for k, text in self.sections.get(key, {}).items()
        }
        return Fields(values, self.place, report, f"[{section}]" if section else "")


def find_device_file(devices: Path, name: str) -> Path | None:
    """The file of the device `name` in the folder `devices`: `.yaml`, then `.yml`, then `.cfg`; then sub-folders."""
    if not name or "\x00" in name or Path(name).is_absolute() or ".." in Path(name).parts or len(name) > 200:
        return None
    try:
        for suffix in SUFFIXES:
            path = devices / f"{name}{suffix}"
            if path.is_file():
                return path
        for suffix in SUFFIXES:
            for folder in sorted(p for p in devices.iterdir() if p.is_dir() and p.name != "backup"):
                path = folder / f"{name}{suffix}"
                if path.is_file():
                    return path
    except OSError:
        return None
    return None


def read_device_file(path: Path, report: Report, klasses: Collection[str] = ()) -> DeviceFile | None:
    """One device file, or None where it cannot be read. `klasses` are names known beside the built-in table."""
    before = len(report.errors)
    flat = False
    if path.suffix.lower() in (".yaml", ".yml"):
        read, flat = _from_yaml(path, report)
    else:
        read = _from_ini(path, report)
    if read is None:
        return None
    place = report.place(path, 1)
    general = Fields({k: (v,) for k, v in read.get(GENERAL, {}).items()}, place, report)
    name = general.text("name") or path.stem
    klass = _klass(general, (*KLASSES, *klasses))
    general.unknown((*GENERAL_KEYS, *(FLAT_COMMUNICATIONS if flat else ())))
    _check_communications(read, place, report, flat)
    return DeviceFile(
        name=name,
        klass=klass,
        place=place,
        sections={s: {k: v.text for k, v in keys.items()} for s, keys in read.items()},
        line_of={(s, k): v.place.line for s, keys in read.items() for k, v in keys.items()},
        faulty=len(report.errors) > before,
    )


def concrete(device: DeviceFile, folder: Path, report: Report, klasses: Collection[str] = ()) -> DeviceFile:
    """The device that a two-level `switch_controller` file stands for; any other file is its own.

    The wrapper names the driver (`klass`, old `type`) and the file that has its communications (`name`); where it
    names no file, one with the driver's own name is taken.
    """
    if device.communications or not device.klass:
        return device
    own = Path(device.place.file).stem
    wrapper = device.klass == SWITCH_CONTROLLER or own.endswith(("switch_controller", "valve_controller"))
    if not wrapper:
        return device
    wanted = [n for n in (device.general.get("name", ""), device.klass) if n and n != own]
    for name in wanted:
        path = find_device_file(folder, name)
        if path is None:
            continue
        inner = read_device_file(path, report, klasses)
        if inner is None:
            return _broken(device)
        klass = inner.klass or device.klass
        if inner.klass and device.klass not in (SWITCH_CONTROLLER, inner.klass):
            report.error(
                inner.place,
                f"klass {inner.klass} contradicts klass {device.klass} of {device.place.file}; write the same in both",
                code="klass",
            )
            return _broken(device)
        if klass == SWITCH_CONTROLLER:
            report.error(
                device.place,
                f"klass {SWITCH_CONTROLLER} is only the wrapper: neither this file nor {inner.place.file} names a driver; "
                "write klass: AgilentGPActuator or whatever drives the valves",
                code="klass",
            )
            return _broken(device)
        return DeviceFile(
            inner.name, klass, inner.place, inner.sections, inner.line_of, inner.faulty or device.faulty
        )
    if device.klass == "DummyGPActuator":
        return device
    report.error(
        device.place,
        f"names the driver {device.klass} and there is no file {' or '.join(f'devices/{n}.yaml' for n in wanted)} "
        "(.yml, .cfg) that says how to reach it; write one with host and port, or type, port and baudrate",
        code="device",
    )
    return _broken(device)


def _broken(device: DeviceFile) -> DeviceFile:
    return DeviceFile(device.name, device.klass, device.place, device.sections, device.line_of, faulty=True)


def _klass(general: Fields, known: Collection[str]) -> str:
    klass = general.text("klass")
    old = general.text("type")
    if not klass and old:
        klass = from_old_type(old)
        general.doubtful("type", f"type = {old} is the old way to name a driver; write klass = {klass}")
        key = "type"
    else:
        key = "klass"
    if klass and klass not in known:
        folded = {k.casefold(): k for k in known}
        if klass.casefold() in folded:
            klass = folded[klass.casefold()]
        else:
            general.wrong(key, f"{key} {klass} is not known{nearest(klass, known)}")
    return klass


def _check_communications(
    read: Mapping[str, Mapping[str, Value]], place: Place, report: Report, flat: bool
) -> None:
    if COMMUNICATIONS not in read:
        return
    fields = Fields({k: (v,) for k, v in read[COMMUNICATIONS].items()}, place, report, "[Communications]")
    fields.unknown(COMMUNICATIONS_KEYS)
    transport = fields.choice("type", "", TRANSPORTS)
    host = fields.host()
    fields.seconds("timeout", 1.0)
    fields.number("read_delay", 25.0, minimum=0.0, maximum=60000.0)
    if transport in ("ethernet", "modbustcp", "telnet", "rpc") or (not transport and "host" in fields):
        fields.port()
        fields.port("read_port")
        kind = fields.choice("kind", "", ("TCP", "UDP"))
        if transport in ("", "ethernet") and host and not kind and not flat:
            fields.doubtful(
                "host",
                "has no kind, which installed Pychron reads as UDP and we as TCP; write kind = TCP (or UDP)",
            )
        if transport == "ethernet" and "host" not in fields:
            fields.wrong("host", "has no host; write the address of the device")
    elif transport in ("serial", "modbus", "mcode", "watlowstandardbus"):
        fields.required("port")
        fields.integer("baudrate", 9600, minimum=50, maximum=4_000_000)
        fields.integer("bytesize", 8, minimum=5, maximum=8)
        fields.choice("parity", "NONE", ("NONE", "EVEN", "ODD", "N", "E", "O"))
        fields.choice("stopbits", "1", ("1", "1.5", "2"))
        fields.choice("flow_control", "", FLOW_CONTROLS)
    for key in ("use_end", "strip", "verbose", "clear_output", "hold_dtr", "use_modbus"):
        fields.flag(key, default=False)


def _from_ini(path: Path, report: Report) -> dict[str, dict[str, Value]] | None:
    ini = read_ini(path, report)
    if ini is None:
        return None
    merged: dict[str, dict[str, Value]] = {}
    for section, values in ini.sections.items():
        known = merged.setdefault(section.lower(), {})
        for key, value in values.items():
            if key in known:
                report.error(value.place, f"{key} stands twice in [{section}]; keep one", code="double_key")
            known.setdefault(key, value)
    return merged


def _from_yaml(path: Path, report: Report) -> tuple[dict[str, dict[str, Value]] | None, bool]:
    """The sections, and whether the file is flat: the seed's form, whose transport is TCP."""
    before = len(report.errors)
    node = read_yaml(path, report)
    if node is None or (isinstance(node, YamlText) and not node.text):
        if len(report.errors) == before:
            report.error(report.place(path, 1), "is empty; write klass, host and port", code="file")
        return None, False
    if not isinstance(node, YamlTable):
        report.error(node.place, "is no table of key: value lines", code="yaml")
        return None, False
    found: dict[str, dict[str, Value]] = {}
    for key, value in node.entries.items():
        low = key.lower()
        if isinstance(value, YamlTable):
            section = found.setdefault(low, {})
            for inner, values in leaves(value).items():
                section[inner.lower()] = _joined(values)
        else:
            section = found.setdefault(COMMUNICATIONS if low in FLAT_COMMUNICATIONS else GENERAL, {})
            section[low] = _joined(list(texts(value)) or [Value("", node.places[key])])
    return found, not any(isinstance(v, YamlTable) for v in node.entries.values())


def _joined(values: list[Value]) -> Value:
    return values[0] if len(values) == 1 else Value(",".join(v.text for v in values), values[0].place)
