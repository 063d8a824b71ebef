"""Analyses as rows of JSON and back, so that thousands are had at once: what an age takes at hand, the rest when it is asked for. Pure.

A row holds what every command looks at, and the forty numbers of an age. Fits, blanks with their references, and paths of files stand in a text
beside it, which is read the first time that one of them is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any

from pychron.dvc.argon import Numbers, numbers_of
from pychron.dvc.json_file import as_is, parse, written
from pychron.dvc.records import Analysis, Extraction, Isotope, OfSame, Reference, StoredFit, StoredValue
from pychron.reduction.inputs import Measured, OutlierFilter, Productions
from pychron.reduction.options import Cosmogenic

PLAIN = (
    "uuid", "record_id", "identifier", "aliquot", "increment", "analysis_type", "mass_spectrometer", "irradiation", "level",
    "position", "time_zero_offset", "sample", "material", "project", "comment", "tag", "tag_note", "spec_sha", "meta_commit",
)  # fmt: skip
"""Fields that stand in a row as they are."""
LATER = ("isotopes", "baselines", "mapping", "files")


def row_of(analysis: Analysis) -> tuple[list[Any], Numbers, bytes]:
    """A row, its numbers, the text of what is read later; of an analysis without problems. Raises TypeError, ValueError where JSON cannot hold it."""
    row = [
        *_PLAIN(analysis),
        _finite(analysis.time),
        analysis.detectors,
        _EXTRACTION(analysis.extraction),
        analysis.productions,
        analysis.cosmogenic,
    ]
    return row, numbers_of(analysis), _later(analysis)


_PLAIN = attrgetter(*PLAIN)
_EXTRACTION = attrgetter(*(one.name for one in fields(Extraction)))


def _list(references: tuple[Reference, ...]) -> Any:
    return as_is([[one.record_id, one.uuid, one.exclude] for one in references])


_listed = OfSame(_list)


def _later(analysis: Analysis) -> bytes:
    lists: list[Any] = []
    known: dict[int, int] = {}

    def value(one: StoredValue | None) -> list[Any] | None:
        if one is None:
            return None
        number = known.get(id(one.references))
        if number is None:
            number = known[id(one.references)] = len(lists)
            lists.append(_listed(one.references))
        return [
            one.value,
            one.error,
            one.fit,
            number,
            one.reviewed,
            one.reference_detector,
            one.standard_ratio,
        ]

    isotopes = {
        key: (one.name, one.detector, one.units, _row(one.intercept), value(one.blank), value(one.ic_factor))
        for key, one in analysis.isotopes.items()
    }
    baselines = {detector: _FIT(one) for detector, one in analysis.baselines.items()}
    return written([lists, isotopes, baselines, dict(analysis.mapping), dict(analysis.files)])


_FIT = attrgetter(*(one.name for one in fields(StoredFit)))


def _row(fit: StoredFit | None) -> Any:
    return None if fit is None else _FIT(fit)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


class Text:
    """What is read later, of one analysis."""

    __slots__ = ("_data", "_found", "_start", "_stop")

    def __init__(self, data: bytes | memoryview, start: int, stop: int) -> None:
        self._data = data
        self._start, self._stop = start, stop
        self._found: dict[str, dict[str, Any]] | None = None

    def part(self, name: str) -> dict[str, Any]:
        """One of LATER."""
        if self._found is None:
            self._found = _parts(parse(bytes(self._data[self._start : self._stop]), "a kept record"))
        return self._found[name]

    def __reduce__(self) -> tuple[type[Text], tuple[bytes, int, int]]:
        """A copy, and what travels to another process, takes its own text along, not that of all."""
        own = bytes(self._data[self._start : self._stop])
        return Text, (own, 0, len(own))


class Kept(Mapping[str, Any]):
    """One of LATER, read when it is looked into. `numbers`: what an age takes of the isotopes."""

    __slots__ = ("_name", "_text", "numbers")

    def __init__(self, text: Text, name: str, numbers: Numbers | None = None) -> None:
        self._text = text
        self._name = name
        self.numbers = numbers

    def __getitem__(self, key: str) -> Any:
        return self._text.part(self._name)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._text.part(self._name))

    def __len__(self) -> int:
        return len(self._text.part(self._name))

    def __repr__(self) -> str:
        return repr(self._text.part(self._name))


def analysis_of(row: list[Any], numbers: Numbers, text: Text) -> Analysis:
    """The analysis of a row, equal to the one that was read from its files."""
    (uuid, record_id, identifier, aliquot, increment, kind, spectrometer, irradiation, level, position, offset, sample, material,
     project, comment, tag, tag_note, spec_sha, meta_commit, time, detectors, extraction, productions, cosmogenic) = row  # fmt: skip
    return Analysis(
        uuid, record_id, identifier, aliquot, increment, kind, math.nan if time is None else time, spectrometer, irradiation,
        level, position, Kept(text, "isotopes", numbers), Kept(text, "baselines"), Kept(text, "mapping"), offset, sample, material,
        project, comment, Extraction(*extraction), tag, tag_note, spec_sha, meta_commit, tuple(detectors), Kept(text, "files"),
        (),
        None if productions is None else _productions(productions),
        None if cosmogenic is None else Cosmogenic(*(Measured(**cosmogenic[key]) for key in ("cosmogenic", "trapped"))),
    )  # fmt: skip


def _parts(document: Any) -> dict[str, dict[str, Any]]:
    lists, isotopes, baselines, mapping, files = document
    references = [tuple([Reference(*one) for one in listed]) for listed in lists]

    def value(one: list[Any] | None) -> StoredValue | None:
        if one is None:
            return None
        number, error, fit, index, *rest = one
        return StoredValue(number, error, fit, references[index], *rest)

    fits = {detector: _fit(one) for detector, one in baselines.items()}
    return {
        "isotopes": {
            key: Isotope(
                key, name, detector, units, _fit(fit), fits.get(detector), value(blank), value(factor)
            )
            for key, (name, detector, units, fit, blank, factor) in isotopes.items()
        },
        "baselines": fits,
        "mapping": mapping,
        "files": files,
    }


def _fit(row: list[Any] | None) -> Any:
    if row is None:
        return None
    value, error, fit, error_type, n, fn, outliers, excluded, outside, with_baseline, reviewed, manual = row
    return StoredFit(
        value, error, fit, error_type, n, fn, None if outliers is None else OutlierFilter(**outliers), tuple(excluded),
        tuple(outside), with_baseline, reviewed, None if manual is None else Measured(**manual),
    )  # fmt: skip


def _productions(one: dict[str, Any]) -> Productions:
    name = one.pop("name")
    return Productions(name, **{ratio: Measured(**pair) for ratio, pair in one.items()})
