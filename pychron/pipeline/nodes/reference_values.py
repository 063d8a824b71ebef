"""Blanks and intercalibration factors of unknowns, from references around them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pychron.dvc.records import Analysis, StoredValue
from pychron.dvc.records import Reference as Named
from pychron.pipeline.batch import Override
from pychron.pipeline.events import Flag
from pychron.pipeline.fitting.applied import by_detector, net
from pychron.pipeline.fitting.reference_fits import NoReference, Reference, ReferenceFit, predict, read_fit
from pychron.pipeline.fitting.references import blank_type, blanks_of
from pychron.pipeline.nodes.data import candidate
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.templates.template import NodeSpec

DEFAULT = ReferenceFit("Bracketing Interpolate")


def check_blanks(spec: NodeSpec) -> Iterator[str]:
    """Each row names an isotope and a fit of references."""
    for row in _rows(spec):
        if not row.get("name"):
            yield "a row of fits has no name; write the isotope"
        try:
            _fit(row)
        except NoReference as problem:
            yield f"{row.get('name', '')}: {problem.text}"


def _rows(spec: NodeSpec) -> list[Mapping[str, str]]:
    rows = spec.options["fits"]
    assert isinstance(rows, tuple)
    return [row for row in rows if isinstance(row, Mapping)]


def _fit(row: Mapping[str, str]) -> ReferenceFit:
    if not row.get("fit"):
        return DEFAULT
    return read_fit(row["fit"], row.get("error_type", ""))


def fit_name(fit: ReferenceFit) -> str:
    """As files have it: `Linear_SEM`; what brackets or precedes has no kind of error."""
    plain = fit.fit.startswith("Bracketing") or fit.fit in ("Preceding", "Succeeding")
    return fit.fit if plain else f"{fit.fit}_{fit.error_type}"


def _excluded(state: State, analysis: Analysis) -> str:
    """Why a reference does not count; `ok` where it does."""
    if analysis.tag != "ok":
        return analysis.tag
    return "invalid" if any(flag.fatal for flag in state.flags.get(analysis.uuid, ())) else "ok"


def fit_blanks(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """A blank for each isotope of each unknown, from blanks of its own type only."""
    fits = {row["name"]: _fit(row) for row in _rows(spec)}
    among = [state.now(uuid) for uuid in state.references]
    count, skipped = 0, 0
    faults: list[str] = []
    for uuid in state.unknowns:
        unknown = state.now(uuid)
        kind = blank_type(unknown.analysis_type)
        if kind is None:
            continue
        if spec.options["skip_reviewed"] and _all_reviewed([one.blank for one in unknown.isotopes.values()]):
            skipped += 1
            continue
        own = {one.uuid for one in blanks_of(candidate(unknown), [candidate(one) for one in among])}
        blanks = [one for one in among if one.uuid in own]
        found: dict[str, StoredValue] = {}
        missing: dict[str, list[str]] = {}
        for key, isotope in unknown.isotopes.items():
            if fits and isotope.name not in fits and key not in fits:
                continue
            fit = fits.get(key) or fits.get(isotope.name) or DEFAULT
            points = list(_blank_points(state, blanks, isotope.name, isotope.detector))
            try:
                value, error = predict(fit, points, unknown.time)
            except NoReference as problem:
                missing.setdefault(problem.text, []).append(key)
                continue
            found[key] = StoredValue(value, error, fit_name(fit), _named(points), True)
        for why, keys in missing.items():
            text = f"no {kind} of {', '.join(sorted(keys))} from {len(blanks)} references: {why}"
            stored = all(unknown.isotopes[key].blank is not None for key in keys)
            state.flag(uuid, [Flag("no_blank", text, sorted(keys)[0], not stored)])
            faults.append(f"{unknown.record_id}: {text}{'; the stored one stays' if stored else ''}")
        state.override(uuid, Override(blanks=found))
        count += len(found)
    left = f", {skipped} analyses reviewed and left as they are" if skipped else ""
    return Outcome(f"{count} blanks from {len(among)} references{left}", faults=tuple(faults))


def _all_reviewed(values: Sequence[StoredValue | None]) -> bool:
    return all(value is not None and value.reviewed for value in values)


def _blank_points(state: State, blanks: Sequence[Analysis], name: str, detector: str) -> Iterator[Reference]:
    for blank in blanks:
        isotope = by_detector(blank).get((name, detector))
        value = None if isotope is None else net(isotope, blank=False)
        if value is not None:
            excluded = _excluded(state, blank) != "ok"
            yield Reference(blank.time, value.value, value.error, blank.uuid, blank.record_id, excluded)


def _named(points: Sequence[Reference]) -> tuple[Named, ...]:
    return tuple(Named(one.record_id, one.uuid, "omit" if one.excluded else "ok") for one in points)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two detectors of which one is corrected."""

    numerator: str
    denominator: str
    top: str
    """Isotope on the numerator"""
    bottom: str
    ratio: float
    """True ratio top / bottom of the reference gas"""
    fit: ReferenceFit


def check_pairs(spec: NodeSpec) -> Iterator[str]:
    """Each row names two detectors, two isotopes and their true ratio."""
    if not _rows(spec):
        yield "fits is empty; write {numerator: H1, denominator: CDD, isotopes: Ar40/Ar36, standard_ratio: 295.5}"
    for row in _rows(spec):
        try:
            pair_of(row)
        except NodeFailed as problem:
            yield problem.text


def pair_of(row: Mapping[str, str]) -> Pair:
    """A row of an IC factor's fits. Raises NodeFailed."""
    numerator, denominator = row.get("numerator", ""), row.get("denominator", "")
    if not numerator or not denominator:
        raise NodeFailed("a row of fits names no numerator or no denominator; both are detectors")
    name = f"{numerator}/{denominator}"
    top, slash, bottom = row.get("isotopes", "").partition("/")
    if not slash or not top or not bottom:
        raise NodeFailed(f"{name}: isotopes are written Ar40/Ar36, the first on {numerator}")
    try:
        ratio = float(row.get("standard_ratio", ""))
    except ValueError:
        ratio = math.nan
    if not 0 < ratio < math.inf:
        raise NodeFailed(
            f"{name}: standard_ratio is a number above zero, as 295.5 for air; it is never assumed"
        )
    try:
        return Pair(numerator, denominator, top.strip(), bottom.strip(), ratio, _fit(row))
    except NoReference as problem:
        raise NodeFailed(f"{name}: {problem.text}") from None


def fit_ic_factors(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """IC of the denominator = measured ratio / true ratio, on signals without baseline and blank (spec 4)."""
    pairs = [pair_of(row) for row in _rows(spec)]
    among = [state.now(uuid) for uuid in state.references]
    faults: list[str] = []
    count, skipped = 0, 0
    for pair in pairs:
        points = list(_ratios(state, among, pair))
        if not points:
            faults.append(
                f"{pair.numerator}/{pair.denominator}: no reference has {pair.top} on {pair.numerator} and "
                f"{pair.bottom} on {pair.denominator}, both above zero and with baseline and blank"
            )
            continue
        state.standards[pair.denominator] = (pair.numerator, pair.ratio)
        for uuid in state.unknowns:
            unknown = state.now(uuid)
            old = [one.ic_factor for one in unknown.isotopes.values() if one.detector == pair.denominator]
            if not old:
                continue
            if spec.options["skip_reviewed"] and _all_reviewed(old):
                skipped += 1
                continue
            try:
                value, error = predict(pair.fit, points, unknown.time)
            except NoReference as problem:
                text = f"no IC factor of {pair.denominator}: {problem.text}"
                state.flag(uuid, [Flag("no_ic_factor", text, pair.denominator, old[0] is None)])
                faults.append(f"{unknown.record_id}: {text}; the stored one stays")
                continue
            new = StoredValue(
                value, error, fit_name(pair.fit), _named(points), True, pair.numerator, pair.ratio
            )
            state.override(uuid, Override(ic_factors={pair.denominator: new}))
            count += 1
    left = f", {skipped} reviewed and left as they are" if skipped else ""
    return Outcome(f"{count} IC factors from {len(among)} references{left}", faults=tuple(faults))


def _ratios(state: State, among: Sequence[Analysis], pair: Pair) -> Iterator[Reference]:
    for one in among:
        isotopes = by_detector(one)
        blank = blank_type(one.analysis_type) is not None
        top, bottom = (
            None if isotope is None else net(isotope, blank=blank)
            for isotope in (isotopes.get((pair.top, pair.numerator)), isotopes.get((pair.bottom, pair.denominator)))
        )  # fmt: skip
        if top is None or bottom is None or top.value <= 0 or bottom.value <= 0:
            continue
        value = top.value / bottom.value / pair.ratio
        error = value * math.hypot(top.error / top.value, bottom.error / bottom.value)
        excluded = _excluded(state, one) != "ok"
        yield Reference(one.time, value, error, one.uuid, one.record_id, excluded)
