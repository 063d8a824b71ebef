"""The node classes that a template may name, with their options. Pure.

Names and families are those of the pipelines that laboratories have; a class of theirs that needs a person at a desktop
stands in `DESKTOP` with what to write instead.
"""

from __future__ import annotations

from collections.abc import Mapping

from pychron.pipeline.templates.klass import FLUX, LEVEL, Klass, choice, flag, number, text, words
from pychron.pipeline.templates.option_kinds import Kind, Option
from pychron.pipeline.templates.output_klasses import OUTPUTS

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
GROUP_KEYS = ("Identifier", "Sample", "Aliquot", "Repository", "None")
COMPARATORS = ("<", "<=", ">", ">=", "==", "!=")


WHICH = (
    words("repositories", "repositories to read; empty = all that the run was given"),
    words("identifiers", "only these identifiers (labnumbers)"),
    words("uuids", "only these analyses, by uuid or record_id"),
    words("analysis_types", "only these types; `[]` = all", default=("unknown",)),
    text("since", "only what was measured at or after this day, 2021-01-19 or 2021-01-19T07:30:00"),
    text("until", "only what was measured before this day"),
)
THRESHOLD = number("threshold", "hours before and after the unknowns in which a reference counts", 10.0)
SAME = (
    flag("same_spectrometer", "only references of the unknown's mass spectrometer", True),
    flag("same_extract_device", "only references of the unknown's extract device", True),
)
REFERENCE_FIT = ("name", "fit", "error_type")
SKIP = flag("skip_reviewed", "leave what a person has reviewed as it is", False)
_REVIEW = (
    choice(
        "policy",
        "what a failed rule does: `flag` marks the analysis, `omit` also leaves it out of means, `stop` ends the run here, to be resumed by a person",
        "flag",
        ("flag", "omit", "stop"),
    ),
    number(
        "intercept_error_pct", "largest error of an intercept, percent of its value; 0 = not checked", 10.0
    ),
    words(
        "isotopes", "isotopes whose fits the rules look at", default=("Ar40", "Ar39", "Ar38", "Ar37", "Ar36")
    ),
    number("least_signal", "fA; an isotope below is not judged by its percent error", 0.05),
    number("signal_to_baseline", "least ratio of intercept to baseline; 0 = not checked", 0.0),
    number("signal_to_blank", "least ratio of signal to blank; 0 = not checked", 1.0),
    number("slope_pct", "largest change of the signal over its series, percent of the intercept; 0 = not checked", 0.0),
    number("outliers_pct", "largest share of points that the filter takes out, percent; 0 = not checked", 10.0),
    number("curvature_pct", "largest part of a parabola's change that is curved, percent of the intercept; 0 = not checked", 0.0),
    number("adjusted_r2", "least adjusted R2 of a line or curve that is steeper than its noise; 0 = not checked", 0.0),
    number("full_scale", "fA; a detector without a row in `full_scales` is judged by it; 0 = unknown", 0.0),
    Option("full_scales", Kind.ROWS, (), "full scale of each detector, fA", ("detector", "full_scale")),
)  # fmt: skip
FLAGGED = (flag("flagged", "also of analyses that a fault keeps out of means", False),)
KLASSES: tuple[Klass, ...] = (
    Klass("UnknownNode", "data", "the analyses to reduce; what the run was given already is kept", WHICH),
    Klass(
        "ReferenceNode",
        "data",
        "references by name instead of by search; what was found already is kept",
        WHICH,
    ),
    Klass(
        "RecentUnknownsNode",
        "data",
        "what was measured last",
        (
            number("hours", "before the newest analysis", 24.0),
            number("most", "analyses at most, the newest of them", 500.0, 1.0),
            text("mass_spectrometer", "only of this one"),
            words("analysis_types", "only these types"),
        ),
    ),
    Klass(
        "InterpretedAgeNode",
        "data",
        "interpreted ages that are stored in the repositories",
        (
            words("repositories", "where they are looked for; empty = everywhere"),
            words("identifiers", "only of these identifiers"),
            flag("newest", "of several of one identifier and name the newest alone", True),
        ),
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
            words(
                "analysis_types", "types to look for: air, cocktail, detector_ic, blank_unknown ...", (), ()
            ),
            text("load_name", "only of this load"),
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
            flag("only_changed", "only series whose equilibration a node before it defined anew", False),
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
    Klass(
        "CosmogenicNode",
        "fit",
        "from here on 38Ar and 36Ar are taken apart into trapped and cosmogenic argon, none of it of chlorine",
        (
            flag("use", "false: none of it is cosmogenic, whatever is stored", True),
            number("cosmogenic3836", "38Ar/36Ar of cosmogenic argon", 1.5),
            number("cosmogenic3836_err", "its error", 0.0),
            number("trapped3836", "38Ar/36Ar of trapped argon", 0.1885),
            number("trapped3836_err", "its error", 0.0003),
        ),
    ),
    Klass(
        "CorrectionFactorsPersistNode",
        "persist",
        "writes the means of CorrectionFactorsNode into MetaData, as production ratios of the irradiation, `updated production ratios ...`",
        (
            text("irradiation", "whose ratios they are; empty = that of the salts"),
            text("name", "of the ratios; empty = those of the salts' level"),
        ),
        True,
    ),
    Klass(
        "CosmogenicPersistNode",
        "persist",
        "writes what CosmogenicNode said beside each unknown, `<MANUAL>`: from then on its ages are computed so",
        (),
        True,
    ),
    Klass("FitFluxNode", "fit", "J of each hole of the level", FLUX),
    Klass(
        "ReviewNode",
        "review",
        "rules that flag unknowns and references, instead of a dialog that asks; before a fit it keeps bad references out",
        _REVIEW,
    ),
    Klass(
        "IsotopeEvolutionPersistNode", "persist", "writes intercepts and baselines, `<ISOEVO>`", FLAGGED, True
    ),
    Klass(
        "DefineEquilibrationPersistNode",
        "persist",
        "writes which readings are equilibration and which are signal, `<DEFINE EQUIL>`",
        (),
        True,
    ),
    Klass("BlanksPersistNode", "persist", "writes blanks, `<BLANKS>`", FLAGGED, True),
    Klass("ICFactorPersistNode", "persist", "writes IC factors, `<ICFactor>`", FLAGGED, True),
    Klass("FluxPersistNode", "persist", "writes J of the level into MetaData, `fit flux for ...`", (), True),
    Klass(
        "InterpretedAgePersistNode",
        "persist",
        "writes one interpreted age for each group, `<IA>`",
        (
            choice(
                "preferred",
                "the age that is preferred",
                "weighted_age",
                ("weighted_age", "plateau_age", "isochron_age", "integrated_age"),
            ),
        ),
        True,
    ),
    Klass(
        "BulkEditNode",
        "edit",
        "sets a tag, a text or a number of every unknown, `<TAG>` or `<MANUAL>`, and goes on with the numbers; a fit stays beside what is set",
        (
            Option(
                "edits",
                Kind.ROWS,
                (),
                "what is set, as {attribute: tag, value: omit}; attributes: tag, comment, sample, material, project, and with an error `intercept Ar40`, `baseline H1`, `blank Ar36`, `icfactor CDD`",
                ("attribute", "value", "error"),
            ),
            text(
                "reason",
                "why; it stays with the tag and in the commit, and no analysis is tagged and no number is set without",
            ),
        ),
        True,
    ),
    Klass(
        "RevertHistoryNode",
        "edit",
        "puts back what acquisition wrote, or what a commit has, as a new commit, `<MANUAL>`: no history is lost, and the run goes on with what it put back",
        (
            text("to", "`collection`, or a commit, tag or branch", "collection"),
            words(
                "modifiers",
                "which files of an analysis",
                (".data", "intercepts", "baselines", "blanks", "icfactors", "tags", "cosmogenic"),
                (".data", "intercepts", "baselines", "blanks", "icfactors"),
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
        (choice("by_key", "what the members of a group share", "Identifier", GROUP_KEYS),),
    ),
    Klass(
        "SubGroupingNode",
        "grouping",
        "groups within groups",
        (choice("by_key", "what the members of a subgroup share", "Aliquot", GROUP_KEYS),),
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
        (number("confidence", "percent of the interval in which an MSWD is valid", 95.0),),
    ),
    *OUTPUTS,
)
GROUP = "NodeGroup"
BY_NAME: Mapping[str, Klass] = {klass.name: klass for klass in KLASSES}
DESKTOP: Mapping[str, str] = {
    "CalendarUnknownNode": "write UnknownNode with `since:` and `until:`",
    "ListenUnknownNode": "a pycrunch node follows what is measured by itself",
    "GraphGroupingNode": "write GroupingNode",
    "EmailNode": "the dashboard mails alerts; a table is a file",
    "XMLExportNode": "write XLSXAnalysisTableNode or CSVAnalysesExportNode",
    "MLNode": "it wants a trained model, which nothing here makes; write ReviewNode with rules",
}
"""Classes of installed Pychron that need a person at a desktop, and what does their work here."""
NAMES = (*BY_NAME, GROUP)
