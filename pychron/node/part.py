"""One plugin of one node, with what it was handed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pychron.runtime.plugin import Context


@dataclass(frozen=True, slots=True)
class Part:
    """A plugin and its context."""

    plugin: Any
    """Provides IPlugin, perhaps IDrains."""
    context: Context

    @property
    def name(self) -> str:
        return str(self.plugin.name)
