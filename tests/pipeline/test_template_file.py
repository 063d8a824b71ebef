"""The grammar of templates: every stock template reads, every fault is told where it stands."""

from pathlib import Path

import pytest

from pychron.config.problems import Report
from pychron.config.yaml_file import parse_yaml
from pychron.pipeline.templates.klasses import KLASSES
from pychron.pipeline.templates.template_file import find_template, read_template, stock_names, template_of

PATH = Path("t.yaml")


def read(text: str):
    report = Report()
    return template_of(parse_yaml(text, PATH, report), PATH, report), [str(p) for p in report.sorted()]


@pytest.mark.parametrize("name", stock_names())
def test_every_stock_template_reads_without_a_word(name):
    report = Report()
    template = read_template(name, report)
    assert report.problems == []
    assert template is not None
    assert template.required == ("DVC",)
    assert template.flat()


def test_the_specs_own_example():
    template, problems = read(
        """\
required:
nodes:
  - klass: UnknownNode
  - {klass: FindReferencesNode, threshold: 12, analysis_types: [Air]}
  - klass: ReferenceNode
  - klass: FitICFactorNode
    use_editor: true
  - klass: NodeGroup
    name: write it
    nodes:
      - klass: ReviewNode
      - {klass: ICFactorPersistNode, enabled: false}
  - klass: PushNode
"""
    )
    assert problems == [
        "t.yaml:7: warning: FitICFactorNode: use_editor steers a dialog and means nothing here"
    ]
    assert template.required == ()
    assert [n.klass for n in template.flat()] == [
        "UnknownNode",
        "FindReferencesNode",
        "ReferenceNode",
        "FitICFactorNode",
        "ReviewNode",
        "PushNode",
    ]
    find = template.flat()[1]
    assert (find.options["threshold"], find.options["analysis_types"]) == (12.0, ("Air",))
    assert find.options["same_spectrometer"] is True


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("- klass: UnknwonNode", "3: error: klass UnknwonNode is not known; did you mean UnknownNode?"),
        ("- klass:", "3: error: has no klass; write one"),
        ("- [UnknownNode]", "3: error: a node is a table that begins with `klass:`"),
        (
            "- {klass: FindBlanksNode, treshold: 3}",
            "3: error: FindBlanksNode: treshold is not an option of FindBlanksNode; did you mean threshold?",
        ),
        (
            "- {klass: FindBlanksNode, threshold: ten}",
            "3: error: FindBlanksNode: threshold: 'ten' is not a number; write one such as 10",
        ),
        (
            "- {klass: GroupingNode, by_key: Identifer}",
            "3: error: GroupingNode: by_key: 'Identifer' is not known; write Aliquot, Identifier, None, "
            "Repository or Sample; did you mean Identifier?",
        ),
        (
            "- {klass: FitBlanksNode, fits: [{name: Ar40, fitt: Linear}]}",
            "3: error: fits: fitt is not a key of an entry; did you mean fit?",
        ),
        (
            "- {klass: FitBlanksNode, fits: [Ar40]}",
            "3: error: FitBlanksNode: fits: each entry is a table of name, fit, error_type",
        ),
        (
            "- {klass: FilterNode, keep: 'kca >'}",
            "3: error: FilterNode: keep: 'kca >': is no expression; write for example IG1 < 1e-5",
        ),
        (
            "- {klass: UnknownNode, analysis_types: {a: b}}",
            "3: error: UnknownNode: analysis_types: write list of words here",
        ),
        (
            "- {klass: EmailNode}",
            "3: error: EmailNode needs a person at a desktop; the dashboard mails alerts; a table is a file",
        ),
        (
            "- {klass: IdeogramNode, formats: [pfd]}",
            "3: error: IdeogramNode: formats: 'pfd' is not known; did you mean pdf?",
        ),
    ],
)
def test_each_fault_is_told_where_it_stands(line, problem):
    template, problems = read(f"# a comment\nnodes:\n  {line}\n")
    assert (template, problems) == (None, [f"t.yaml:{problem}"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "t.yaml:0: error: is no template; write `nodes:` and a list of `- klass: NAME`"),
        ("nodes:\n", "t.yaml:1: error: nodes: is empty; write `- klass: UnknownNode` first"),
        ("nodes: 3\n", "t.yaml:1: error: nodes: write a list of `- klass: NAME`"),
        (
            "ndoes: []\nnodes: [{klass: UnknownNode}]\n",
            "t.yaml:1: error: ndoes is not a key of a template; did you mean nodes?",
        ),
    ],
)
def test_a_file_that_is_no_template(text, problem):
    template, problems = read(text)
    assert template is None
    assert problem in problems


def test_all_faults_of_a_file_are_told_at_once():
    _, problems = read("nodes:\n  - klass: A\n  - {klass: FindBlanksNode, x: 1}\n  - klass: B\n")
    assert [p.split(":")[1] for p in problems] == ["2", "3", "4"]


def test_a_name_is_a_file_first_then_the_labs_then_stock(tmp_path):
    mine = tmp_path / "blanks.yaml"
    assert find_template("Blanks", (tmp_path,)) == "blanks"
    assert find_template("inverse isochron") == "inverse_isochron"
    assert find_template("nothing") is None
    mine.write_text("nodes: [{klass: UnknownNode}]\n")
    assert find_template("blanks", (tmp_path,)) == mine
    report = Report()
    assert read_template(mine, report).name == "blanks"
    assert report.problems == []


def test_every_class_and_option_says_what_it_does():
    for klass in KLASSES:
        assert klass.says
        assert len({o.key for o in klass.options}) == len(klass.options)
        assert all(o.says for o in klass.options)
