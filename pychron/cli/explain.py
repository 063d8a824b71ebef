"""`pychron explain`: an age down to commits, files, constants, code and what makes its error."""

from __future__ import annotations

from typing import Any

import click

from pychron.cli.exits import MEANING, REFUSED
from pychron.cli.output import as_json, say
from pychron.cli.reduction import (
    arithmetic_of,
    arithmetic_options,
    reduce_selected,
    repository_options,
    selected,
    workspace_of,
)

LEAST_PCT = 0.01
"""Sources of error below it are only named."""
EPILOG = f"""\b
Examples:
  pychron explain 27257-05 --meta MetaData --repo Irradiation-NM-313
  pychron explain 8d3c1f02 --root ~/.pychron.crunch --json

ID is a record_id, a uuid (its first eight letters are enough), or a labnumber, which means each of its analyses.

{MEANING}"""


@click.command(epilog=EPILOG)
@click.argument("identity", metavar="ID")
@repository_options
@arithmetic_options
@click.option("--json", "json_", is_flag=True, help="Print a list of one object an analysis.")
@click.pass_context
def explain(
    ctx: click.Context,
    identity: str,
    json_: bool,
) -> None:
    """Say where an age comes from: files and commits, constants, code, each correction, and its error by source."""
    from pychron.pipeline.explain import explain as explained

    arithmetic = arithmetic_of()
    workspace = workspace_of()
    loaded = selected(workspace, ((identity,), ()))
    rows = reduce_selected(workspace, loaded, arithmetic)
    told = [explained(one, row, workspace.meta, arithmetic) for one, row in zip(loaded, rows, strict=True)]
    if json_:
        as_json(told)
    else:
        for one in told:
            _say(one)
    if any(flag["fatal"] for one in told for flag in one["flags"]):
        ctx.exit(REFUSED)


def _say(one: dict[str, Any]) -> None:
    say(f"{one['record_id']}  {one['sample']}  {one['uuid']}", "bold")
    say(f"  measured {one['measured']} on {one['mass_spectrometer']}, irradiated as {one['irradiation']}")
    if one["age_ma"] is not None:
        say(
            f"  age {one['age_ma']:.4f} ± {one['age_err']:.4f} Ma (1σ), without J ± {one['age_err_wo_j']:.4f}, "
            f"with lambda ± {one['age_err_with_lambda']:.4f}",
            "bold",
        )
    for flag in one["flags"]:
        say(f"  {'no age: ' if flag['fatal'] else ''}{flag['text']}", "red" if flag["fatal"] else "yellow")
    _isotopes(one["isotopes"])
    say(f"  decay factors: 39Ar {_g(one['decay39'])}, 37Ar {_g(one['decay37'])}")
    say("  argon: " + ", ".join(f"{name} {_g(value)}" for name, value in one["parts"].items()))
    say("  " + ", ".join(f"{name} {_g(v)} ± {_g(e)}" for name, (v, e) in one["quantities"].items()))
    if one["j"] is not None:
        j = one["j"]
        say(
            f"  J {j['value']:.8g} ± {j['error']:.3g} ({j['model'] or 'no model'}, hole {j['hole']}, monitor {j['monitor_age_ma']} Ma)"
        )
    if one["productions"] is not None:
        say(f"  productions {one['productions']['name']}")
    if one["error_budget"]:
        say("  error of the age, by source:")
        for part in one["error_budget"]:
            if part["percent"] is None:
                say(f"    {part['source']:<14} {part['error_ma']:<9.3g} Ma  (not in the error of the age)")
            elif part["percent"] >= LEAST_PCT:
                say(f"    {part['source']:<14} {part['error_ma']:<9.3g} Ma {part['percent']:6.2f} %")
        small = [part["source"] for part in one["error_budget"] if (part["percent"] or 100.0) < LEAST_PCT]
        if small:
            say(f"    below {LEAST_PCT:g} %: {', '.join(small)}")
    used = one["constants_set"]
    say(f"  constants: {used['name']} ({used['source']})")
    say(
        f"    lambda 40K {used['lambda_k_per_year'][0]:.6g} /a from {used['lambda_k_from']}, "
        f"air 40/36 {used['atm4036'][0]:g}, decay counted from the {used['decay_counted_from']}"
    )
    say("  files:")
    for file in one["files"]:
        say(f"    {file['what']:<18} {file['commit'][:12] or 'no commit':<12} {file['path']}")
    say("  code: " + ", ".join(f"{name} {text}" for name, text in one["code"].items()))


def _isotopes(isotopes: list[dict[str, Any]]) -> None:
    lines = [["isotope", "detector", "fit", "intercept", "baseline", "blank", "IC factor", "corrected"]]
    for one in isotopes:
        if one.get("missing"):
            lines.append([one["isotope"], "not measured"])
            continue
        pairs = [
            f"{_g(v)} ± {_g(e)}" for v, e in (one[k] for k in ("intercept", "baseline", "blank", "ic_factor"))
        ]
        lines.append([one["isotope"], one["detector"], one["fit"], *pairs, _g(one["corrected"])])
    widths = [max(len(line[n]) for line in lines if n < len(line)) for n in range(len(lines[0]))]
    for line in lines:
        say("  " + "  ".join(f"{word:<{width}}" for word, width in zip(line, widths, strict=False)).rstrip())


def _g(value: float | None) -> str:
    return "–" if value is None else f"{value:.5g}"
