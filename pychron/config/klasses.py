"""What `klass` may be in a device file: the driver names of existing laboratories and ours. Pure.

Which of them have a driver here is known to `hardware/`; this table is for the nearest name and for telling a
misspelt class from one that is known and not built yet.
"""

from __future__ import annotations

REMOTE_LINES = ("PychronGPActuator", "RemoteExtractionLineManager")
"""The peer is a valve controller: switches are addressed by name."""
BY_NAME = (*REMOTE_LINES, "NMGRLFurnaceActuator", "WiscArGPActuator")
"""Drivers that address a switch by its name where it has no address."""
ACTUATORS = (
    "AgilentGPActuator",
    "AgilentMultifunction",
    "AgilentMultiplexer",
    "ArduinoGPActuator",
    "ArduinoValveActuator",
    "U2351A",
    "QtegraGPActuator",
    "PychronGPActuator",
    "NGXGPActuator",
    "WiscArGPActuator",
    "NMGRLFurnaceActuator",
    "DummyGPActuator",
    "RPiGPIO",
    "T4Actuator",
    "U3Actuator",
    "ProXRActuator",
    "PLC2000GPActuator",
    "MCCGPActuator",
)
SWITCH_CONTROLLER = "SwitchController"
"""The wrapper that names the concrete driver and its file (spec hardware 1.0)."""
OTHERS = (
    SWITCH_CONTROLLER,
    "RemoteExtractionLineManager",
    "RemoteFurnaceManager",
    "QtegraMicroIonController",
    "MicroIonController",
    "MKSController",
    "MaxiGaugeController",
    "XGS600GaugeController",
    "PychronMicroIonController",
    "PLC2000GaugeController",
    "ProXRADC",
    "AgilentDAC",
    "LakeShoreController",
    "Eurotherm",
    "WatlowEZZone",
    "MDriveMotor",
    "ThermoRack",
    "Pneutronics",
)
KLASSES = (*ACTUATORS, *OTHERS)


def from_old_type(text: str) -> str:
    """The class that an old `[General] type=` means: an actuator's own name, or one that holds qtegra or agilent."""
    folded = text.strip().casefold()
    for klass in ACTUATORS:
        if klass.casefold() == folded:
            return klass
    if "qtegra" in folded:
        return "QtegraGPActuator"
    if "agilent" in folded:
        return "AgilentGPActuator"
    return text.strip()
