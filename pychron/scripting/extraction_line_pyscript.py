"""ExtractionLinePyScript: what an extraction script commands: valves, and the device that the run heats with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pychron.scripting.commands import DEVICE, EVERY_SCRIPT, VALVES, CommandSpec, Kind, kind_of
from pychron.scripting.outcomes import Outcome
from pychron.scripting.script_errors import ScriptError
from pychron.scripting.valve_pyscript import ValvePyScript

NO_DEVICE = ("", "Extract Device", "---", "---------")
_FROM_CONTEXT = {
    ("extract", "power"): "extract_value",
    ("extract", "units"): "extract_units",
    ("move_to_position", "position"): "position",
    ("execute_pattern", "pattern"): "pattern",
    ("set_tray", "tray"): "tray",
}
_DEVICE_NAMES = frozenset(spec.name for spec in DEVICE)


class ExtractionLinePyScript(ValvePyScript):
    """Also the class of post-equilibration and post-measurement scripts."""

    table: ClassVar[tuple[CommandSpec, ...]] = (*EVERY_SCRIPT, *VALVES, *DEVICE)

    async def command(self, spec: CommandSpec, args: Mapping[str, Any]) -> Outcome:
        """Valve commands as every script has them; the rest goes to the extract device."""
        if spec.name in ("open", "close"):
            switch = args.get("name") or args.get("description") or ""
            self.stage.on_step(
                1, f"ExtractionLinePyScript.{spec.name}({switch!r}) is called at {self.stage.at} of a script"
            )
        if spec.name in _DEVICE_NAMES:
            return await self._device(spec, args)
        return await super().command(spec, args)

    async def _device(self, spec: CommandSpec, args: Mapping[str, Any]) -> Outcome:
        stage = self.stage
        full = {name: args.get(name, default) for name, default in spec.parameters}
        for key, value in full.items():
            if value == "":
                full[key] = stage.context.get(_FROM_CONTEXT.get((spec.name, key), ""), "")
        wanted = stage.context.get("extract_device", "")
        if wanted in NO_DEVICE:
            stage.info(f"{spec.name}: skipped, the run names no extract device")
            return Outcome(0, "", "skipped: no extract device")
        device = stage.devices.get(str(wanted))
        if device is None:
            known = ", ".join(sorted(stage.devices)) or "none"
            raise ScriptError(f"{spec.name}(): this node has no device {wanted!r} (it has {known})")
        if kind_of(spec, full) is Kind.SAFE:  # what switches off is not cut short by the end of its script
            value = await stage.to_its_end(device.command(spec.name, full), spec.name)
        else:
            value = await device.command(spec.name, full)
        return Outcome(
            value, str(wanted), ", ".join(f"{k}={v}" for k, v in full.items() if v not in (None, "")) or "ok"
        )
