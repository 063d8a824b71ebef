"""The node classes that a template may name, with their options. Pure.

Names and families are those of the pipelines that laboratories have; a class of theirs that needs a person at a desktop
stands in `DESKTOP` with what to write instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pychron.pipeline.option_kinds import Kind, Option

ERROR_TYPES = ("SEM", "SD", "MSEM")
REFERENCE_FITS = (
    "Preceding",
    "Succeeding",
    "Bracketing Average",
    "Bracketing Interpolate",
    "Linear",
    "Parabolic",
    "Cubic",
    "Average",
    "Weighted Mean",
)
ISOTOPE_FITS = (
    "linear",
    "parabolic",
    "cubic",
    "average",
    "weighted",
    "exponential",
    "auto linear/parabolic",
)
FLUX_MODELS = ("plane", "bowl", "weighted_mean", "nearest_neighbors", "bracketing", "matching")
GROUP_KEYS = ("Identifier", "Sample", "Aliquot", "Repository", "None")
COMPARATORS = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(frozen=True, slots=True)
class Klass:
    """A class of node: the work is in `pychron.pipeline.nodes`."""

    name: str
    family: str
    says: str
    """One line for the reference."""
    options: tuple[Option, ...] = ()
    writes: bool = False
    """It changes files of a repository, where the run was told to."""


def _text(key: str, says: str, default: str = "", required: bool = False) -> Option:
    return Option(key, Kind.TEXT, default, says, required=required)


def _words(key: str, says: str, choices: tuple[str, ...] = (), default: tuple[str, ...] = ()) -> Option:
    return Option(key, Kind.WORDS, default, says, choices)


def _number(key: str, says: str, default: float, minimum: float = 0.0) -> Option:
    return Option(key, Kind.NUMBER, default, says, minimum=minimum)


def _flag(key: str, says: str, default: bool) -> Option:
    return Option(key, Kind.FLAG, default, says)


def _choice(key: str, says: str, default: str, choices: tuple[str, ...]) -> Option:
    return Option(key, Kind.CHOICE, default, says, choices)


WHICH = (
    _words("repositories", "repositories to read; empty = all that the run was given"),
    _words("identifiers", "only these identifiers (labnumbers)"),
    _words("uuids", "only these analyses, by uuid or record_id"),
    _words("analysis_types", "only these types", default=("unknown",)),
    _text("since", "only what was measured at or after this day, 2021-01-19 or 2021-01-19T07:30:00"),
    _text("until", "only what was measured before this day"),
)
THRESHOLD = _number("threshold", "hours before and after the unknowns in which a reference counts", 10.0)
SAME = (
    _flag("same_spectrometer", "only references of the unknown's mass spectrometer", True),
    _flag("same_extract_device", "only references of the unknown's extract device", True),
)
LEVEL = (_text("irradiation", "its name"), _text("level", "its letter"))
FLUX = (
    _choice(
        "model_kind",
        "how J of a hole follows from the monitors; `matching` takes its own only",
        "weighted_mean",
        FLUX_MODELS,
    ),
    _text(
        "holder",
        "irradiation holder of the metadata: where the holes lie, which plane, bowl, nearest and bracketing need",
    ),
    _text(
        "monitor",
        "a monitor by name, as fc-kuiper-2008; empty = age and constants that the level's file names",
    ),
    _number("monitor_age", "Ma; instead of a name, the age of a known monitor; 0 = as `monitor` says", 0.0),
)
REFERENCE_FIT = ("name", "fit", "error_type")
SKIP = _flag("skip_reviewed", "leave what a person has reviewed as it is", False)
FIGURE = (
    _text("title", "stands over the figure"),
    _words("formats", "files to write", ("pdf", "svg", "png"), ("pdf",)),
    _text("file", "name of the file without its ending; empty = the node's name"),
)
_REVIEW = (
    _choice(
        "policy",
        "what a failed rule does: `flag` marks the analysis, `omit` also leaves it out of means, `stop` ends the run here, to be resumed by a person",
        "flag",
        ("flag", "omit", "stop"),
    ),
    _number(
        "intercept_error_pct", "largest error of an intercept, percent of its value; 0 = not checked", 10.0
    ),
    _words(
        "isotopes", "isotopes whose fits the rules look at", default=("Ar40", "Ar39", "Ar38", "Ar37", "Ar36")
    ),
    _number("least_signal", "fA; an isotope below is not judged by its percent error", 0.05),
    _number("signal_to_baseline", "least ratio of intercept to baseline; 0 = not checked", 0.0),
    _number("signal_to_blank", "least ratio of signal to blank; 0 = not checked", 1.0),
    _number("slope_pct", "largest change of the signal over its series, percent of the intercept; 0 = not checked", 0.0),
    _number("outliers_pct", "largest share of points that the filter takes out, percent; 0 = not checked", 10.0),
    _number("curvature_pct", "largest part of a parabola's change that is curved, percent of the intercept; 0 = not checked", 0.0),
    _number("adjusted_r2", "least adjusted R2 of a line or curve that is steeper than its noise; 0 = not checked", 0.0),
    _number("full_scale", "fA; a detector without a row in `full_scales` is judged by it; 0 = unknown", 0.0),
    Option("full_scales", Kind.ROWS, (), "full scale of each detector, fA", ("detector", "full_scale")),
)  # fmt: skip
KLASSES: tuple[Klass, ...] = (
    Klass("UnknownNode", "data", "the analyses to reduce; what the run was given already is kept", WHICH),
    Klass(
        "ReferenceNode",
        "data",
        "references by name instead of by search; what was found already is kept",
        WHICH,
    ),
    Klass("FindFluxMonitorsNode", "find", "the monitors of a level and the holes to predict", LEVEL),
    Klass("FluxMonitorsNode", "data", "reads the monitors that were found", ()),
    Klass("FindBlanksNode", "find", "blanks of each unknown's own type around it", (THRESHOLD, *SAME)),
    Klass(
        "FindReferencesNode",
        "find",
        "references of given types around the unknowns",
        (
            THRESHOLD,
            _words(
                "analysis_types", "types to look for: air, cocktail, detector_ic, blank_unknown ...", (), ()
            ),
            _text("load_name", "only of this load"),
            *SAME,
        ),
    ),
    Klass(
        "FitIsotopeEvolutionNode",
        "fit",
        "fits the raw series of each isotope and baseline again",
        (
            Option(
                "fits",
                Kind.ROWS,
                (),
                "what is fitted other than stored",
                ("name", "fit", "error_type", "filter_outliers", "iterations", "std_devs"),
            ),
            SKIP,
        ),
    ),
    Klass(
        "FitBlanksNode",
        "fit",
        "a blank for each isotope of each unknown, from the references",
        (
            Option(
                "fits",
                Kind.ROWS,
                (),
                "fit of each isotope; without rows all are `Bracketing Interpolate`",
                REFERENCE_FIT,
            ),
            SKIP,
        ),
    ),
    Klass(
        "FitICFactorNode",
        "fit",
        "the intercalibration factor of each detector, from airs, cocktails or detector_ic",
        (
            Option(
                "fits",
                Kind.ROWS,
                (),
                "detector pairs",
                ("numerator", "denominator", "standard_ratio", "isotopes", "fit", "error_type"),
            ),
            SKIP,
        ),
    ),
    Klass("ArArCalculationsNode", "fit", "corrections, F and age of all unknowns", ()),
    Klass("FitFluxNode", "fit", "J of each hole of the level", FLUX),
    Klass(
        "ReviewNode",
        "review",
        "rules that flag unknowns and references, instead of a dialog that asks; before a fit it keeps bad references out",
        _REVIEW,
    ),
    Klass("IsotopeEvolutionPersistNode", "persist", "writes intercepts and baselines, `<ISOEVO>`", (), True),
    Klass("BlanksPersistNode", "persist", "writes blanks, `<BLANKS>`", (), True),
    Klass("ICFactorPersistNode", "persist", "writes IC factors, `<ICFactor>`", (), True),
    Klass("FluxPersistNode", "persist", "writes J of the level into MetaData, `fit flux for ...`", (), True),
    Klass(
        "InterpretedAgePersistNode",
        "persist",
        "writes one interpreted age for each group, `<IA>`",
        (
            _choice(
                "preferred",
                "the age that is preferred",
                "weighted_age",
                ("weighted_age", "plateau_age", "isochron_age", "integrated_age"),
            ),
        ),
        True,
    ),
    Klass(
        "PushNode", "persist", "pushes what was committed; a push that fails leaves it committed", (), True
    ),
    Klass(
        "GroupingNode",
        "grouping",
        "groups by a key: figures and tables make one group of each",
        (_choice("by_key", "what the members of a group share", "Identifier", GROUP_KEYS),),
    ),
    Klass(
        "SubGroupingNode",
        "grouping",
        "groups within groups",
        (_choice("by_key", "what the members of a subgroup share", "Aliquot", GROUP_KEYS),),
    ),
    Klass(
        "FilterNode",
        "filter",
        "keeps the analyses for which all filters hold",
        (
            Option(
                "filters",
                Kind.ROWS,
                (),
                "comparisons, as {attribute: kca, comparator: '>', criterion: 0.1}",
                ("attribute", "comparator", "criterion"),
            ),
            Option("keep", Kind.EXPRESSION, "", "or one expression, as `kca > 0.1 and yield_pct > 50`"),
        ),
    ),
    Klass(
        "MSWDFilterNode",
        "filter",
        "leaves out the largest deviation of a group until its MSWD is valid",
        (_number("confidence", "percent of the interval in which an MSWD is valid", 95.0),),
    ),
    Klass("IdeogramNode", "figure", "relative probability of ages", FIGURE),
    Klass("SpectrumNode", "figure", "age spectrum with its plateau", FIGURE),
    Klass("InverseIsochronNode", "figure", "36/40 against 39/40", FIGURE),
    Klass(
        "SeriesNode",
        "figure",
        "values against time",
        (*FIGURE, _words("values", "isotopes, ratios as Ar40/Ar36, or age, kca", default=("age",))),
    ),
    Klass(
        "FluxVisualizationNode", "figure", "J over the irradiation holder, with the model", (*FIGURE, *FLUX)
    ),
    Klass("CSVFluxExportNode", "table", "J of the holes as CSV", (_text("file", "name", "flux"),)),
    Klass(
        "XLSXAnalysisTableNode",
        "table",
        "the table of a publication",
        (_text("file", "name without its ending", "analyses"), _text("title", "stands over the table")),
    ),
    Klass("CSVAnalysesExportNode", "table", "the same as CSV", (_text("file", "name", "analyses"),)),
    Klass("CSVRawDataExportNode", "table", "raw series as CSV", (_text("file", "name", "raw_data"),)),
    Klass(
        "InterpretedAgeTableNode",
        "table",
        "stored interpreted ages as CSV and XLSX",
        (_text("file", "name", "interpreted_ages"), _words("repositories", "where they are looked for")),
    ),
    Klass(
        "AuditNode",
        "report",
        "the audit trail: commits, files, constants, version of each result",
        (_text("file", "name", "audit"),),
    ),
)
GROUP = "NodeGroup"
BY_NAME: Mapping[str, Klass] = {klass.name: klass for klass in KLASSES}
DESKTOP: Mapping[str, str] = {
    "CalendarUnknownNode": "write UnknownNode with `since:` and `until:`",
    "ListenUnknownNode": "a pycrunch node follows what is measured by itself",
    "GraphGroupingNode": "write GroupingNode",
    "BulkEditNode": "edits by hand are commits of a person; nothing here edits in bulk",
    "EmailNode": "the dashboard mails alerts; a table is a file",
    "XMLExportNode": "write XLSXAnalysisTableNode or CSVAnalysesExportNode",
    "MLNode": "it needs a trained model of the desktop application",
}
"""Classes of installed Pychron that need a person at a desktop, and what does their work here."""
NAMES = (*BY_NAME, GROUP)
