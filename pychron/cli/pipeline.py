"""`pychron pipeline`: templates of nodes, run from the command line."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pychron.cli.exits import MEANING, REFUSED, Refused
from pychron.cli.output import as_json, complain, progress, say
from pychron.cli.reduction import (
    arithmetic_of,
    arithmetic_options,
    loaded_all,
    repository_options,
    root_of,
    workspace_of,
)

if TYPE_CHECKING:
    from pychron.dvc.committing import Author
    from pychron.pipeline.running.run_file import NodeReport, RunFile
    from pychron.pipeline.running.runner import Ended
    from pychron.pipeline.running.state import State
    from pychron.pipeline.templates.template import Template

EPILOG = f"""\b
Examples:
  pychron pipeline run analysis_table --root ~/.pychron.crunch --identifier 27257
  pychron pipeline run blanks --root DIR --dry-run
  pychron pipeline run blanks --root DIR --persist --author 'Ada L <ada@example.org>'
  pychron pipeline run flux --root DIR --set FindFluxMonitorsNode.irradiation=NM-313 --set FindFluxMonitorsNode.level=B
  pychron pipeline run my_template.yaml --meta MetaData --repo NM-313 --out results --json

Nothing is written into a repository without --persist, and then each kind of change is one commit of the person that
--author names. A run that was stopped or killed goes on with --resume. The status is 1 where a node or an analysis has
a fault; the others have their results all the same.

{MEANING}"""
PUSH_S = 60.0


@click.group()
def pipeline() -> None:
    """Run a template of nodes, or list those that come with the program."""


@pipeline.command(
    "list", epilog=f"\b\nExamples:\n  pychron pipeline list\n  pychron pipeline list --json\n\n{MEANING}"
)
@click.option("--json", "json_", is_flag=True, help="Print a list of one object a template.")
def list_(json_: bool) -> None:
    """List the stock templates with their nodes."""
    from pychron.config.problems import Report
    from pychron.pipeline.templates.template_file import read_template, stock_names

    found = []
    for name in stock_names():
        template = read_template(name, Report())
        assert template is not None
        found.append({"template": name, "nodes": [spec.klass for spec in template.flat()]})
    if json_:
        as_json(found)
        return
    for one in found:
        say(f"{one['template']}: {', '.join(one['nodes'])}")


@pipeline.command(epilog=EPILOG)
@click.argument("template", metavar="TEMPLATE")
@repository_options
@click.option("--identifier", "identifiers", multiple=True, metavar="ID", help="The analyses to reduce, in place of the template's choice: labnumber, record_id or uuid. May be repeated.")  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="NODE.KEY=VALUE", help="An option of a node, in place of the template's. May be repeated.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Where folders of runs are made; by itself ROOT/runs.")  # fmt: skip
@click.option("--persist", is_flag=True, help="Write what was fitted into the repositories, and commit it.")
@click.option("--author", metavar="'NAME <MAIL>'", help="Who commits; needed with --persist.")
@click.option("--dry-run", is_flag=True, help="Compute everything, write nothing at all, and say what would be written.")  # fmt: skip
@click.option(
    "--resume", is_flag=True, help="Go on with the last run of this template, which was stopped or killed."
)
@click.option(
    "--new", is_flag=True, help="Begin a new run, though the last one is not done; its folder stays."
)
@arithmetic_options
@click.option("--json", "json_", is_flag=True, help="Print one object: nodes, analyses, audit trail.")
@click.pass_context
def run(
    ctx: click.Context,
    template: str,
    identifiers: tuple[str, ...],
    settings: tuple[str, ...],
    out: Path | None,
    persist: bool,
    author: str | None,
    dry_run: bool,
    resume: bool,
    new: bool,
    json_: bool,
) -> None:
    """Run a template: a YAML file, or one that comes with the program (pychron pipeline list)."""
    from pychron.dvc.committing import NotCommitted
    from pychron.pipeline.running.pushing import push
    from pychron.pipeline.running.run_file import CannotResume
    from pychron.pipeline.running.runner import go, object_of, refuse_before, run_folder
    from pychron.pipeline.running.state import Doing, State

    person, root = _person(persist, author), root_of()
    chosen = _template(template, settings, root)
    base = out or (root / "runs" if root is not None else None)
    if base is None and not dry_run:
        raise Refused("there is no place for the run's files; add --out DIR, or --root DIR of a pycrunch")
    folder, old = run_folder(base, chosen.name, new, resume) if base is not None else (Path(), False)
    if old and not resume and not dry_run:
        raise Refused(f"the run in {folder} is not done; go on with --resume, or begin another with --new")
    if resume and (not old or dry_run):
        raise Refused("there is no run of this template to go on with")
    workspace = workspace_of()
    state = State(workspace, arithmetic_of(), identifiers)
    doing = Doing(folder, dry_run, persist, person, time.time, partial(push, deadline_s=PUSH_S))
    try:
        begun = _begun(chosen, state, folder, resume, person)
        if not resume:
            refuse_before(chosen, state, doing)
        loaded_all(workspace)
        if not dry_run:
            folder.mkdir(parents=True, exist_ok=resume)
        with progress(len(chosen.flat()), chosen.name) as advance:
            ended = go(chosen, state, doing, begun, (lambda _: None) if json_ else _tell, advance)
    except (NotCommitted, CannotResume) as refused:
        raise Refused(refused.text if isinstance(refused, CannotResume) else str(refused)) from None
    except OSError as failed:
        raise Refused(f"{failed.filename or folder}: {failed.strerror}") from None
    if json_:
        as_json(object_of(ended, folder))
    else:
        _show(ended, folder, dry_run)
    if not ended.is_whole:
        ctx.exit(REFUSED)


def _person(persist: bool, author: str | None) -> Author | None:
    from pychron.dvc.committing import read_author

    if not persist:
        return None
    if not author:
        raise click.UsageError(
            "--persist makes commits, and a commit names a person: add --author 'Name <mail>'"
        )
    try:
        return read_author(author)
    except ValueError as problem:
        raise click.UsageError(f"--author: {problem}") from None


def _template(word: str, settings: tuple[str, ...], root: Path | None) -> Template:
    from pychron.config.problems import Report, nearest
    from pychron.pipeline.running.runner import problems_of
    from pychron.pipeline.templates.template_file import find_template, read_template, stock_names
    from pychron.pipeline.templates.template_settings import read_settings

    source = find_template(word, (root / "pipeline",) if root is not None else ())
    if source is None:
        names = stock_names()
        raise Refused(
            f"there is no template {word}{nearest(word, names)}; a file, or one of {', '.join(names)}"
        )
    report = Report()
    found = read_template(source, report, read_settings(settings, report))
    for problem in report.sorted():
        if problem.severity != "error":
            complain(str(problem))
    problems = [str(one) for one in report.errors] or (problems_of(found) if found is not None else [])
    if problems or found is None:
        raise Refused("\n".join(problems))
    return found


def _begun(template: Template, state: State, folder: Path, resume: bool, person: Author | None) -> RunFile:
    from pychron.pipeline.running.runner import new_run, resumed

    return resumed(template, state, folder, person) if resume else new_run(template, state)


def _tell(report: NodeReport) -> None:
    mark = "skipped: " if report.skipped else ""
    say(f"{report.name or report.klass}: {mark}{report.text}", "yellow" if report.skipped else "")
    for fault in report.faults:
        if fault != report.text:
            say(f"  {fault}", "red")


def _show(ended: Ended, folder: Path, dry: bool) -> None:
    for one in ended.analyses:
        for flag in one.flags:
            say(
                f"{one.record_id}: {'left out: ' if flag.fatal else ''}{flag.text}",
                "red" if flag.fatal else "yellow",
            )
    good = len(ended.analyses) - len(ended.without)
    where = "nothing was written" if dry else f"in {folder}"
    told = f"{good} of {len(ended.analyses)} analyses are good, " if ended.analyses else ""
    say(f"{ended.run.stands.value}: {told}{where}", "bold")
