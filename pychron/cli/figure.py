"""`pychron figure`: spectra, ideograms, isochrons, series and flux maps as PDF, SVG or PNG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pychron.cli.exits import MEANING, Refused
from pychron.cli.flux import MODELS, holes_of
from pychron.cli.group_ages import ages_of_samples, end
from pychron.cli.output import as_json, say
from pychron.cli.reduction import (
    arithmetic_of,
    arithmetic_options,
    loaded_all,
    reduce_selected,
    repository_options,
    selected,
    selection_of,
    selection_options,
    workspace_of,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pychron.pipeline.ages.samples import Sample
    from pychron.pipeline.batch import Row

F = TypeVar("F", bound=Callable[..., Any])
ARGON = ("Ar40", "Ar39", "Ar38", "Ar37", "Ar36")
EXAMPLES = {
    "spectrum": "--identifier 66001 --out spectrum.pdf",
    "ideogram": "--out 'ideogram-{label}.svg'",
    "isochron": "--identifier 66001 --normal --out isochron.png",
    "series": "--type blank_unknown --of Ar36 --out blanks.png",
    "flux": "--irradiation NM-313 --level B --holder 12_hole --out flux.pdf",
}
"""By kind, what stands behind `--meta MetaData --repo DIR`."""


def _epilog(*kinds: str) -> str:
    lines = "\n".join(
        f"  pychron figure {kind} --meta MetaData --repo DIR {EXAMPLES[kind]}" for kind in kinds
    )
    return f"""\b
Examples:
{lines}

The end of the file's name says which: .pdf, .svg or .png. The same data give the same bytes.

{MEANING}"""


@click.group(epilog=_epilog(*EXAMPLES))
def figure() -> None:
    """Draw spectra, ideograms, isochrons, series and flux maps."""


def _out_options(command: F) -> F:
    for option in (
        click.option("--json", "json_", is_flag=True, help="Print a list of the files written."),
        click.option(
            "--out",
            required=True,
            metavar="FILE",
            help="Ends in .pdf, .svg or .png; {label} is the sample's.",
        ),
    ):
        command = option(command)
    return command


def _sample_command(name: str, help_: str, *more: Any) -> Callable[[Callable[..., Any]], None]:
    """A command that draws each sample by what it decorates: (sample, constants, **its own options) -> Figure."""

    def add(draw: Callable[..., Any]) -> None:
        def command(
            ctx: click.Context,
            out: str,
            json_: bool,
            **own: Any,
        ) -> None:
            samples = ages_of_samples()
            drawn = [sample for sample in samples if sample.good]
            files = _files(drawn, out)
            text = f"Constants: {arithmetic_of().name}."
            for sample, path in zip(drawn, files, strict=True):
                _save(draw(sample, text, **own), path)
            _tell(files, json_)
            end(ctx, samples, quiet=json_)

        command.__doc__ = help_
        wrapped: Any = click.pass_context(command)
        for decorate in (_out_options, arithmetic_options, *more, selection_options, repository_options):
            wrapped = decorate(wrapped)
        figure.command(name, epilog=_epilog(name))(wrapped)

    return add


def _files(samples: list[Sample], out: str) -> list[Path]:
    if len(samples) > 1 and "{label}" not in out:
        labels = ", ".join(sample.label for sample in samples[:6])
        raise Refused(
            f"{len(samples)} samples are here ({labels}); name one by --identifier, or write {{label}} into --out"
        )
    return [Path(out.replace("{label}", sample.label)) for sample in samples]


def _save(drawn: Figure, path: Path) -> None:
    from pychron.pipeline.figures.style import UnknownFormat, save

    try:
        save(drawn, path)
    except UnknownFormat as problem:
        raise Refused(str(problem)) from None
    except OSError as problem:
        raise Refused(f"{path} cannot be written: {problem.strerror or problem}") from None


def _tell(files: list[Path], json_: bool) -> None:
    if json_:
        as_json([str(path) for path in files])
    else:
        for path in files:
            say(str(path))


_LEVEL: Any = click.option(
    "--sigma", type=click.IntRange(1, 3), default=2, show_default=True, help="Of errors."
)


@_sample_command(
    "spectrum", "Age spectrum of each aliquot heated in steps.", _LEVEL,
    click.option("--rule", type=click.Choice(("fleck", "mahon")), default="fleck", show_default=True),
)  # fmt: skip
def _spectrum(sample: Sample, constants: str, sigma: int, rule: str) -> Figure:
    from pychron.pipeline.ages.group_ages import integrated_age, plateau_age
    from pychron.pipeline.figures.spectrum import SpectrumOptions, spectrum
    from pychron.reduction.plateau import PlateauRule

    if not sample.is_stepped:
        raise Refused(
            f"{sample.label} was not heated in steps: draw its ideogram, or name another by --identifier"
        )
    found = plateau_age(sample.rows, PlateauRule(rule))
    return spectrum(sample, found, integrated_age(sample.rows), SpectrumOptions(sigma, constants))


@_sample_command(
    "ideogram", "Ideogram of each sample.", _LEVEL,
    click.option("--kernel", is_flag=True, help="A kernel density in place of the sum of normal curves."),
)  # fmt: skip
def _ideogram(sample: Sample, constants: str, sigma: int, kernel: bool) -> Figure:
    from pychron.pipeline.ages.group_ages import weighted_age
    from pychron.pipeline.figures.ideogram import IdeogramOptions, ideogram

    return ideogram(sample, weighted_age(sample.rows), IdeogramOptions(sigma, kernel, constants))


@_sample_command(
    "isochron", "Isochron of each sample.", _LEVEL,
    click.option("--normal", is_flag=True, help="The normal isochron in place of the inverse one."),
)  # fmt: skip
def _isochron(sample: Sample, constants: str, sigma: int, normal: bool) -> Figure:
    from pychron.pipeline.ages.group_ages import isochron_age
    from pychron.pipeline.figures.isochron import IsochronOptions, isochron

    return isochron(
        sample, isochron_age(sample.rows, normal=normal), IsochronOptions(sigma, normal, constants)
    )


@figure.command(epilog=_epilog("series"))
@repository_options
@selection_options
@click.option(
    "--of", type=click.Choice((*ARGON, "age", "yield", "kca")), default="age", show_default=True,
    help="An isotope: intercept less baseline.",
)  # fmt: skip
@arithmetic_options
@_out_options
def series(
    of: str,
    out: str,
    json_: bool,
) -> None:
    """Values of many analyses against time."""
    from pychron.pipeline.figures.series import SeriesOptions
    from pychron.pipeline.figures.series import series as draw

    workspace = workspace_of()
    loaded = selected(workspace)
    rows = reduce_selected(workspace, loaded, arithmetic_of())
    points = [point for row in rows if (point := _point(row, of)) is not None]
    if not points:
        raise Refused(f"no analysis here has a number for {of}; its type is set by --type")
    units = {"age": "Age (Ma)", "yield": "$^{40}$Ar* (%)", "kca": "K/Ca"}
    label = units.get(of, f"$^{{{of[2:]}}}$Ar (fA)")
    path = Path(out)
    _save(draw(points, SeriesOptions(", ".join(selection_of()[1]), label)), path)
    _tell([path], json_)


def _point(row: Row, of: str) -> Any:
    from pychron.pipeline.ages.results import Quantities
    from pychron.pipeline.figures.series import SeriesPoint

    left_out = any(flag.code == "tag" for flag in row.flags)
    if of in ARGON:
        isotope = row.analysis.argon(of)
        if isotope is None or isotope.intercept is None or isotope.baseline is None:
            return None
        signal, baseline = isotope.intercept.used, isotope.baseline.used
        error = (signal.error**2 + baseline.error**2) ** 0.5
        return SeriesPoint(row.analysis.time, signal.value - baseline.value, error, left_out)
    value, error_ = Quantities().of(row, of)
    return (
        None if value is None or error_ is None else SeriesPoint(row.analysis.time, value, error_, left_out)
    )


@figure.command(epilog=_epilog("flux"))
@repository_options
@click.option("--irradiation", required=True, metavar="NAME", help="As NM-313.")
@click.option("--level", required=True, metavar="NAME", help="As B.")
@click.option("--holder", required=True, metavar="NAME|FILE", help="A holder of the metadata, or a file.")
@click.option("--model", type=click.Choice(MODELS), default="plane", show_default=True)
@arithmetic_options
@_out_options
def flux(
    irradiation: str,
    level: str,
    holder: str,
    model: str,
    out: str,
    json_: bool,
) -> None:
    """J over the irradiation holder."""
    from pychron.dvc.errors import DvcError
    from pychron.pipeline.ages.flux import level_flux, over_the_holder
    from pychron.pipeline.figures.flux_map import FluxMapOptions, flux_map
    from pychron.reduction.flux import FluxModel, FluxOptions

    workspace = workspace_of()
    assert workspace.meta is not None
    arithmetic = arithmetic_of()
    options = FluxOptions(FluxModel(model.replace("-", " ")))
    holes = holes_of(workspace.meta, holder, options)
    analyses = [one.analysis for one in loaded_all(workspace)]
    try:
        found = level_flux(workspace.meta, irradiation, level, analyses, arithmetic, frozen=workspace.frozen)
        found = over_the_holder(found, holes, options)
    except (DvcError, ValueError) as problem:
        raise Refused(str(problem)) from None
    path = Path(out)
    title = f"{irradiation} {level}: {model}"
    _save(flux_map(found, holes, FluxMapOptions(title, options, "")), path)
    _tell([path], json_)
