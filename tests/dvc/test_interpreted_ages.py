"""Where interpreted ages stand, and what is read of them."""

import pytest

from pychron.dvc.errors import CorruptFile
from pychron.dvc.interpreted_ages import identifier_of, next_path, number_of, read_interpreted_age
from pychron.dvc.trees import open_tree
from pychron.dvc.verify import verify
from tests.dvc.making import Files, an_identity, analysis

NEW, OLD = "reduction/700/ia/01_00002.ia.json", "700/ia/01_00004.ia.json"
DOCUMENT = {
    "name": "70001",
    "uuid": "u",
    "analyses": [{"uuid": an_identity(1)}, {"uuid": an_identity(2)}],
    "sample_metadata": {"sample": "FC-2"},
    "preferred": {
        "age": 28.2, "age_err": 0.05, "mswd": 1.1, "nanalyses": 2,
        "preferred_kinds": [{"attr": "kca", "kind": "mean"}, {"attr": "age", "kind": "plateau_age"}],
    },
}  # fmt: skip


def test_names_hold_identifier_and_number():
    assert (identifier_of(NEW), number_of(NEW)) == ("70001", 2)
    assert (identifier_of(OLD), number_of(OLD)) == ("70001", 4)
    assert identifier_of("700/01.json") == ""
    assert number_of("700/01.json") == -1


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ([], "reduction/700/ia/01_00000.ia.json"),
        ([NEW], "reduction/700/ia/01_00003.ia.json"),
        ([OLD], "700/ia/01_00005.ia.json"),
        (["reduction/700/ia/02_00007.ia.json"], "reduction/700/ia/01_00000.ia.json"),
    ],
)
def test_the_next_one_goes_where_the_others_are(present, expected):
    assert next_path("70001", present) == expected


def test_a_file_is_read():
    found = read_interpreted_age(DOCUMENT, NEW)
    assert (found.identifier, found.sample, found.kind, found.age_ma, found.n) == (
        "70001",
        "FC-2",
        "plateau_age",
        28.2,
        2,
    )
    assert found.uuids == (an_identity(1), an_identity(2))
    assert found.date == ""


@pytest.mark.parametrize(
    "change", [{"preferred": []}, {"preferred": {"age": None}}, {"analyses": {}}, {"analyses": [1]}]
)
def test_what_is_no_interpreted_age_is_told(change):
    with pytest.raises(CorruptFile):
        read_interpreted_age({**DOCUMENT, **change}, NEW)


def test_verify_looks_at_them(tmp_path):
    files = Files(analysis(1))
    files[NEW] = DOCUMENT
    files[OLD] = {"name": "x"}
    files.write(tmp_path)
    lines = [str(one) for one in verify(open_tree(tmp_path)).findings]
    assert any(line.startswith(f"{NEW}:0: warning: 1 of its analyses, as {an_identity(2)}") for line in lines)
    assert any(line.startswith(f"{OLD}:0: error: preferred must be a mapping") for line in lines)
