"""The node classes that make files: figures, tables, reports. Pure."""

from __future__ import annotations

from pychron.pipeline.templates.klass import (
    ERROR_TYPES,
    FIGURE,
    FLUX,
    MONITOR,
    VALUES,
    Klass,
    choice,
    flag,
    number,
    text,
    words,
)

SOURCE = text("source", "the CSV file, with a heading")
OUTPUTS: tuple[Klass, ...] = (
    Klass("IdeogramNode", "figure", "relative probability of ages", FIGURE),
    Klass("SpectrumNode", "figure", "age spectrum with its plateau", FIGURE),
    Klass("InverseIsochronNode", "figure", "36/40 against 39/40", FIGURE),
    Klass(
        "RadialNode",
        "figure",
        "radial plot: ages by their precision",
        (*FIGURE, choice("scale", "of the ages", "logarithmic", ("logarithmic", "linear"))),
    ),
    Klass("CompositeNode", "figure", "age spectrum and inverse isochron side by side", FIGURE),
    Klass("SeriesNode", "figure", "values against time", (*FIGURE, VALUES)),
    Klass(
        "RegressionSeriesNode",
        "figure",
        "values against time with a regression through them and its band",
        (
            *FIGURE,
            VALUES,
            choice(
                "fit",
                "what goes through the points that are not left out",
                "Linear",
                ("Linear", "Parabolic", "Cubic", "Average", "Weighted Mean"),
            ),
            choice("error_type", "of the band", "SEM", ERROR_TYPES),
        ),
    ),
    Klass(
        "XYScatterNode",
        "figure",
        "one value against another, each group in its colour",
        (
            *FIGURE,
            text("x", "a value, as for SeriesNode", "kca"),
            text("y", "a value, as for SeriesNode", "age"),
        ),
    ),
    Klass(
        "SubgroupIdeogramNode",
        "figure",
        "relative probability of the ages of subgroups, a curve for each group",
        (
            *FIGURE,
            choice(
                "preferred",
                "which age of a subgroup; what has no plateau has its weighted mean",
                "plateau",
                ("plateau", "weighted mean", "isochron age", "integrated age"),
            ),
        ),
    ),
    Klass(
        "InterpretedAgeIdeogramNode",
        "figure",
        "relative probability of the interpreted ages that were chosen",
        (
            *FIGURE,
            choice("by_key", "what the ages of one curve share", "None", ("None", "Sample", "Identifier")),
        ),
    ),
    Klass(
        "HybridIdeogramNode",
        "figure",
        "analyses of each group, and the interpreted ages that were chosen beside them",
        FIGURE,
    ),
    Klass(
        "HistoryIdeogramNode",
        "figure",
        "ages of each group now and at earlier commits of its files, with today's metadata and constants",
        (*FIGURE, number("commits", "how many earlier commits at most", 3.0, 1.0)),
    ),
    Klass(
        "CSVIdeogramNode",
        "figure",
        "relative probability of ages in a CSV file: columns age, age_err (Ma, one sigma), and group where there are several",
        (*FIGURE, SOURCE),
    ),
    Klass(
        "CSVSpectrumNode",
        "figure",
        "age spectrum of steps in a CSV file: columns age, age_err, k39, and kca, kca_err, group where they are known",
        (*FIGURE, SOURCE),
    ),
    Klass(
        "CSVInverseIsochronNode",
        "figure",
        "inverse isochron of ratios in a CSV file: columns 39/40, 39/40_err, 36/40, 36/40_err, and rho, group where they are known",
        (
            *FIGURE,
            SOURCE,
            number("j", "J of the samples; 0 = no age", 0.0),
            number("j_err", "its error", 0.0),
        ),
    ),
    Klass(
        "VerticalFluxNode",
        "figure",
        "mean J of the monitors of every level of an irradiation against its height, as a figure and CSV",
        (*FIGURE, text("irradiation", "its name"), words("levels", "only these levels"), *MONITOR),
    ),
    Klass(
        "FluxVisualizationNode", "figure", "J over the irradiation holder, with the model", (*FIGURE, *FLUX)
    ),
    Klass("CSVFluxExportNode", "table", "J of the holes as CSV", (text("file", "name", "flux"),)),
    Klass(
        "XLSXAnalysisTableNode",
        "table",
        "the table of a publication",
        (
            text("file", "name without its ending", "analyses"),
            text("title", "stands over the table"),
            choice(
                "columns", "`simple`: run, extraction, 40Ar*, K/Ca and age alone", "full", ("full", "simple")
            ),
            flag(
                "interpreted_ages", "a sheet with the stored interpreted ages of the same identifiers", False
            ),
        ),
    ),
    Klass("CSVAnalysesExportNode", "table", "the same as CSV", (text("file", "name", "analyses"),)),
    Klass("CSVRawDataExportNode", "table", "raw series as CSV", (text("file", "name", "raw_data"),)),
    Klass(
        "InterpretedAgeTableNode",
        "table",
        "stored interpreted ages as CSV and XLSX",
        (text("file", "name", "interpreted_ages"), words("repositories", "where they are looked for")),
    ),
    Klass(
        "AnalysisMetadataNode",
        "table",
        "when, with what and of what each analysis was measured, as CSV",
        (text("file", "name", "analysis_metadata"),),
    ),
    Klass(
        "CorrectionFactorsNode",
        "table",
        "interference ratios from a calcium salt or a potassium glass: weighted means and each analysis, as CSV",
        (choice("element", "which ratios", "Ca", ("Ca", "K")), text("file", "name; empty = by the element")),
    ),
    Klass(
        "DefineEquilibrationNode",
        "table",
        "how long the gas took to spread into the spectrometer, from the readings before the inlet closed, as CSV; with `time_s` it moves readings, for the nodes that follow",
        (
            number(
                "time_s",
                "s since time zero: readings before it are equilibration, those from it on are signal; 0 = as stored",
                0.0,
            ),
            number("within_pct", "percent from rest that count as equilibrated", 0.1, 1e-6),
            words("isotopes", "only these"),
            text("file", "name", "equilibration"),
        ),
    ),
    Klass(
        "YieldTableNode",
        "table",
        "mol of 39ArK, 40Ar and 40Ar* that each extraction set free, also for each mg, as CSV and XLSX",
        (text("file", "name", "yields"),),
    ),
    Klass(
        "ReportNode",
        "report",
        "one HTML page: ages, analyses, and the SVG figures of the nodes before it",
        (text("file", "name", "report"), text("title", "stands over the page")),
    ),
    Klass(
        "AuditNode",
        "report",
        "the audit trail: commits, files, constants, version of each result",
        (text("file", "name", "audit"),),
    ),
)
"""In the order of the reference."""
