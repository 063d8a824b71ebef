"""Which analyses a run is about: unknowns, their references, the monitors of a level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pychron.dvc.errors import DvcError
from pychron.dvc.records import Analysis
from pychron.dvc.times import seconds
from pychron.pipeline.ages.flux import level_flux
from pychron.pipeline.fitting.references import blank_type, find_references
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.running.workspace import Loaded
from pychron.pipeline.templates.template import NodeSpec


@dataclass(frozen=True, slots=True)
class Candidate:
    """What reference finding looks at."""

    uuid: str
    analysis_type: str
    mass_spectrometer: str
    extract_device: str
    load_name: str
    time: float


def candidate(analysis: Analysis) -> Candidate:
    """Of an analysis."""
    return Candidate(
        analysis.uuid,
        analysis.analysis_type,
        analysis.mass_spectrometer,
        analysis.extraction.device,
        analysis.extraction.load_name,
        analysis.time,
    )


def check_choice(spec: NodeSpec) -> Iterator[str]:
    """`since` and `until` are days or times."""
    for key in ("since", "until"):
        text = str(spec.options[key])
        if text:
            try:
                seconds(text)
            except ValueError as problem:
                yield f"{key}: {problem}"


def unknowns(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """The run's own choice where it was given one, else the template's."""
    if state.given:
        chosen: dict[str, None] = {}
        for word in state.given:
            found = state.workspace.find(word)
            if not found:
                raise NodeFailed(f"no analysis here is {word}; pychron age lists those that are")
            chosen.update({one.analysis.uuid: None for one in found})
        state.choose(chosen)
    else:
        state.choose(one.analysis.uuid for one in _chosen(state, spec.options))
    if not state.unknowns:
        raise NodeFailed("no analysis matches what the node asks for")
    return Outcome(f"{len(state.unknowns)} unknowns")


def recent(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """What was measured in the hours before the newest analysis, newest last; not more than `most`.

    Not before now: times of analyses are the laboratory's own, without a zone, and the same files give the same result tomorrow.
    """
    if state.given:
        return unknowns(state, spec, doing)
    wanted = str(spec.options["mass_spectrometer"]).casefold()
    types = {word.casefold() for word in spec.options["analysis_types"]}  # type: ignore[union-attr]
    asked = [
        one.analysis
        for one in state.everything()
        if (not wanted or one.analysis.mass_spectrometer.casefold() == wanted)
        and (not types or one.analysis.analysis_type.casefold() in types)
    ]
    timed = [one for one in asked if one.time == one.time]
    faults = tuple(f"{one.record_id} has no time that can be read" for one in asked if one.time != one.time)
    if not timed:
        raise NodeFailed("no analysis matches what the node asks for")
    since = timed[-1].time - 3600 * float(spec.options["hours"])  # type: ignore[arg-type]
    found = [one.uuid for one in timed if one.time >= since]
    most = int(float(spec.options["most"]))  # type: ignore[arg-type]
    state.choose(found[-most:])
    text = f"{len(state.unknowns)} analyses of the {spec.options['hours']:g} h before the newest"
    return Outcome(text, faults=faults)


def references(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """What was found is kept; without a search before, what the node names."""
    if not state.searched:
        options = dict(spec.options)
        state.references = tuple(one.analysis.uuid for one in _chosen(state, options))
    if not state.references:
        return Outcome("no references", faults=("no references were found",))
    return Outcome(f"{len(state.references)} references")


def _chosen(state: State, options: Mapping[str, Any]) -> list[Loaded]:
    types = {word.casefold() for word in options["analysis_types"]}
    repositories = {word.casefold() for word in options["repositories"]}
    identifiers = {word.casefold() for word in options["identifiers"]}
    names = {word.casefold() for word in options["uuids"]}
    since = seconds(options["since"]) if options["since"] else -float("inf")
    until = seconds(options["until"]) if options["until"] else float("inf")
    found = []
    for one in state.everything():
        analysis = one.analysis
        timed = since <= analysis.time < until or not (options["since"] or options["until"])
        if (
            timed
            and (not types or analysis.analysis_type.casefold() in types)
            and (not repositories or one.where.casefold() in repositories)
            and (not identifiers or analysis.identifier.casefold() in identifiers)
            and (not names or {analysis.uuid.casefold(), analysis.record_id.casefold()} & names)
        ):
            found.append(one)
    return found


def find_blanks(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Blanks of the unknowns' own types around them."""
    wanted = {blank_type(state.now(uuid).analysis_type) for uuid in state.unknowns} - {None}
    types = sorted(name for name in wanted if name is not None)
    if not types:
        raise NodeFailed("none of the unknowns is corrected for a blank")
    return _find(state, spec, types)


def check_types(spec: NodeSpec) -> Iterator[str]:
    """A search needs to know for what."""
    if not spec.options["analysis_types"]:
        yield "analysis_types is empty; write for example analysis_types: [air]"


def find(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """References of the types that the node names."""
    types = spec.options["analysis_types"]
    assert isinstance(types, tuple)
    return _find(state, spec, [str(word).casefold() for word in types])


def _find(state: State, spec: NodeSpec, types: list[str]) -> Outcome:
    options = spec.options
    found = find_references(
        [candidate(state.now(uuid)) for uuid in state.unknowns],
        [candidate(one.analysis) for one in state.everything()],
        types,
        threshold_h=float(options["threshold"]),  # type: ignore[arg-type]
        same_spectrometer=bool(options["same_spectrometer"]),
        same_extract_device=bool(options["same_extract_device"]),
        load_name=str(options.get("load_name", "")),
    )
    state.searched = True
    state.references = tuple(dict.fromkeys(one.uuid for one in found))
    words = f"{', '.join(types)} within {options['threshold']:g} h"
    if not state.references:
        return Outcome(f"no {words}", faults=(f"no {words} of the unknowns",))
    return Outcome(f"{len(state.references)} references: {words}")


def check_level(spec: NodeSpec) -> Iterator[str]:
    """Irradiation and level must be said."""
    for key in ("irradiation", "level"):
        if not spec.options[key]:
            yield f"{key} is empty; write it into the template, or add --set {spec.klass}.{key}=NAME"


def find_monitors(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """The monitors of a level become the unknowns."""
    irradiation, level = str(spec.options["irradiation"]), str(spec.options["level"])
    if state.workspace.meta is None:
        raise NodeFailed("no metadata repository is named")
    analyses = [one.analysis for one in state.everything()]
    try:
        flux = level_flux(
            state.workspace.meta, irradiation, level, analyses, state.arithmetic,
            frozen=state.workspace.frozen,
        )  # fmt: skip
    except DvcError as problem:
        raise NodeFailed(str(problem)) from None
    state.level = irradiation, level
    state.choose(one.row.analysis.uuid for hole in flux.holes for one in hole.monitors)
    if not state.unknowns:
        raise NodeFailed(
            f"no analysis here is a monitor of {irradiation} {level}; its file names monitors by sample"
        )
    holes = sum(bool(hole.monitors) for hole in flux.holes)
    return Outcome(f"{len(state.unknowns)} monitors in {holes} of {len(flux.holes)} holes")


def monitors(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """They were found; here for templates of installed laboratories."""
    if state.level is None:
        raise NodeFailed("no level was named; write FindFluxMonitorsNode before it")
    return Outcome(f"{len(state.unknowns)} monitors")
