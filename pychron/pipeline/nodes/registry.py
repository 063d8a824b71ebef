"""Which function does the work of which class, and which looks at its options before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pychron.pipeline.nodes import (
    age_figures,
    ages,
    data,
    drawings,
    editing,
    equilibration,
    exports,
    factors,
    flux,
    from_csv,
    groups,
    interpreted,
    isotope_evolution,
    persisting,
    plots,
    productions,
    reference_values,
    reporting,
    tabulating,
    vertical_flux,
)
from pychron.pipeline.running.state import Doing, Outcome, State
from pychron.pipeline.templates.template import NodeSpec

Run = Callable[[State, NodeSpec, Doing], Outcome]
Check = Callable[[NodeSpec], Iterable[str]]


def nothing_to_check(_: NodeSpec) -> Iterable[str]:
    """Its options were read already, and every one may be."""
    return ()


@dataclass(frozen=True, slots=True)
class Work:
    """Of one class of node."""

    run: Run
    check: Check = nothing_to_check


WORK: Mapping[str, Work] = {
    "UnknownNode": Work(data.unknowns, data.check_choice),
    "RecentUnknownsNode": Work(data.recent),
    "InterpretedAgeNode": Work(interpreted.choose),
    "ReferenceNode": Work(data.references, data.check_choice),
    "FindFluxMonitorsNode": Work(data.find_monitors, data.check_level),
    "FluxMonitorsNode": Work(data.monitors),
    "FindBlanksNode": Work(data.find_blanks),
    "FindReferencesNode": Work(data.find, data.check_types),
    "FitIsotopeEvolutionNode": Work(isotope_evolution.fit_isotopes, isotope_evolution.check_fits),
    "FitBlanksNode": Work(reference_values.fit_blanks, reference_values.check_blanks),
    "FitICFactorNode": Work(reference_values.fit_ic_factors, reference_values.check_pairs),
    "ArArCalculationsNode": Work(ages.calculate),
    "CosmogenicNode": Work(factors.cosmogenic, factors.check_cosmogenic),
    "FitFluxNode": Work(flux.fit_flux, flux.check_flux),
    "FluxVisualizationNode": Work(flux.draw_map, flux.check_map),
    "CSVFluxExportNode": Work(flux.export),
    "ReviewNode": Work(ages.review_fits, ages.check_rules),
    "IsotopeEvolutionPersistNode": Work(persisting.persist_isotopes),
    "DefineEquilibrationPersistNode": Work(equilibration.persist),
    "BlanksPersistNode": Work(persisting.persist_blanks),
    "ICFactorPersistNode": Work(persisting.persist_ic_factors),
    "FluxPersistNode": Work(persisting.persist_flux),
    "InterpretedAgePersistNode": Work(interpreted.persist),
    "CorrectionFactorsPersistNode": Work(productions.persist),
    "CosmogenicPersistNode": Work(factors.persist_cosmogenic),
    "BulkEditNode": Work(editing.bulk_edit, editing.check_edits),
    "RevertHistoryNode": Work(editing.revert),
    "PushNode": Work(persisting.push),
    "GroupingNode": Work(groups.group),
    "SubGroupingNode": Work(groups.subgroup),
    "FilterNode": Work(groups.keep, groups.check_filters),
    "MSWDFilterNode": Work(groups.mswd_filter),
    "IdeogramNode": Work(drawings.ideograms),
    "SpectrumNode": Work(drawings.spectra),
    "InverseIsochronNode": Work(drawings.isochrons),
    "SeriesNode": Work(drawings.series, drawings.check_values),
    "RegressionSeriesNode": Work(drawings.series, drawings.check_values),
    "RadialNode": Work(plots.radials),
    "CompositeNode": Work(plots.composites),
    "XYScatterNode": Work(plots.scatter, plots.check_axes),
    "SubgroupIdeogramNode": Work(age_figures.subgroups),
    "InterpretedAgeIdeogramNode": Work(age_figures.interpreted),
    "HybridIdeogramNode": Work(age_figures.hybrid),
    "HistoryIdeogramNode": Work(age_figures.history),
    "CSVIdeogramNode": Work(from_csv.ideogram, from_csv.check_source),
    "CSVSpectrumNode": Work(from_csv.spectrum, from_csv.check_source),
    "CSVInverseIsochronNode": Work(from_csv.isochron, from_csv.check_source),
    "VerticalFluxNode": Work(vertical_flux.vertical_flux, vertical_flux.check_irradiation),
    "AnalysisMetadataNode": Work(reporting.metadata),
    "CorrectionFactorsNode": Work(factors.factors),
    "DefineEquilibrationNode": Work(equilibration.define),
    "YieldTableNode": Work(tabulating.yield_table),
    "ReportNode": Work(reporting.report),
    "XLSXAnalysisTableNode": Work(tabulating.xlsx_table),
    "CSVAnalysesExportNode": Work(tabulating.csv_table),
    "CSVRawDataExportNode": Work(exports.raw_data),
    "InterpretedAgeTableNode": Work(interpreted.table),
    "AuditNode": Work(exports.trail),
}
"""Complete: a test holds it against `klasses`."""


def check(spec: NodeSpec) -> list[str]:
    """What is wrong with the options of a node."""
    return list(WORK[spec.klass].check(spec))
