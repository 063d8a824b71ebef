"""Values: dataclasses that do not change once made. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def frozen(cls: type[T]) -> type[T]:
    """A value of the way of an actuation or a record: `make lint` says where one is written to.

    `dataclass(frozen=True)` says it while it runs too, and takes four times as long to make one: an Open makes thirty.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
