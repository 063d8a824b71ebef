"""Every kind of damage is told with its file; what is whole is told as whole."""

import base64
import json
import struct
from pathlib import Path

import pytest

from pychron.dvc.errors import CorruptFile
from pychron.dvc.metadata import open_metadata
from pychron.dvc.repository import open_repository
from pychron.dvc.trees import open_tree
from pychron.dvc.verify import names_in, steps, verify
from tests.dvc.making import Files, an_identity, analysis, blob, committed, git, metadata

REAL = Path(__file__).parents[3] / "shared" / "real" / "dvc"
BLANK = an_identity(9)


def lab():
    """Three unknowns and the blank that theirs refer to."""
    files = Files()
    for seed in range(3):
        files.update(analysis(seed))
    blank = analysis(9, identifier="bu-01-J", analysis_type="blank_unknown", irradiation="")
    files.update({path: document for path, document in blank.items() if "/blanks/" not in path})
    return files


def told(folder, **changes):
    return [str(one) for one in verify(open_tree(folder), **changes).findings]


def path_of(seed, modifier=""):
    return next(p for p in analysis(seed) if (f"/{modifier}/" in p if modifier else p.count("/") == 1))


def test_what_is_whole_is_told_as_whole_and_every_step_is_counted(tmp_path):
    files = lab()
    files.write(tmp_path)
    count = []
    found = verify(open_tree(tmp_path), advance=lambda: count.append(1))
    assert found.findings == ()
    assert (found.kind, found.files, found.records) == ("analyses", len(files), 4)
    assert len(count) == steps(open_tree(tmp_path)) == len(files) + 4


def edited(seed, modifier, change):
    files = lab()
    path = path_of(seed, modifier)
    change(files[path])
    return files, path


def set_at(*keys, to):
    def change(document):
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = to

    return change


def cut(document):
    one = document["signals"][0]
    one["blob"] = base64.b64encode(base64.b64decode(one["blob"])[:-3]).decode()


@pytest.mark.parametrize(
    ("modifier", "change", "severity", "text"),
    [
        ("", set_at("identifier", to=""), "error", "it has no identifier"),
        ("", set_at("uuid", to=an_identity(77)), "error", "its name says"),
        ("", set_at("timestamp", to="yesterday"), "error", "timestamp"),
        ("", set_at("arar_mapping", "Ar36", to="Ar36L1"), "error", "it lists no such isotope"),
        ("", set_at("isotopes", "Ar36", "detector", to=""), "error", "isotope Ar36 has no detector"),
        ("", set_at("spec_sha", to="a" * 40), "warning", "spectrometer settings"),
        ("intercepts", lambda d: d.pop("Ar39"), "error", "it has nothing of Ar39"),
        ("intercepts", set_at("Ar39", "value", to=None), "error", "Ar39 value must be a number, it is null"),
        ("intercepts", set_at("Ar39", "error", to=-1.0), "error", "the error of Ar39 is below zero"),
        ("intercepts", set_at("Ar39", "n", to=41), "error", "counts 41 points, its series has 40"),
        ("intercepts", set_at("Ar39", "user_excluded", to=[40]), "error", "leaves out point 40 of 40"),
        ("intercepts", set_at("Ar39", "fit", to="Custom"), "warning", "is not one that can be made again"),
        ("baselines", lambda d: d.pop("AX"), "error", "it has nothing of AX"),
        ("icfactors", lambda d: d.pop("AX"), "error", "it has nothing of AX"),
        ("blanks", lambda d: d.pop("Ar38"), "error", "it has nothing of Ar38"),
        ("blanks", set_at("Ar38", "references", 0, "uuid", to=an_identity(5)), "warning", "in no repository"),
        (".data", cut, "error", "was cut short: 5 bytes at its end make no point"),
        (".data", set_at("signals", 1, "blob", to="!"), "error", "the signal of Ar39 cannot be decoded"),
        (".data", set_at("signals", 1, "blob", to=None), "error", "the signal of Ar39 has no points"),
        (".data", set_at("signals", 1, "isotope", to="Ar41"), "error", "lists no such isotope"),
        (".data", set_at("signals", 1, "blob", to=blob([(1, 2), (1, 2)])), "warning", "do not rise"),
        (
            ".data",
            set_at("signals", 1, "blob", to=base64.b64encode(struct.pack(">ff", 1, float("nan"))).decode()),
            "error",
            "holds values that are no numbers",
        ),
        (".data", set_at("format", to=">dd"), "error", "base64 of >ff can be read"),
        ("extraction", set_at("measured_response", to="%%%"), "error", "measured_response cannot be decoded"),
        ("extraction", set_at("extract_value", to="hot"), "error", "extract_value must be a number"),
    ],
)  # fmt: skip
def test_damage_is_told_with_its_file(modifier, change, severity, text, tmp_path):
    files, path = edited(1, modifier, change)
    found = [line for line in told(files.write(tmp_path)) if text in line]
    assert len(found) == 1, told(tmp_path)
    assert found[0].startswith((f"{path}:", f"{path_of(1)}:", f"{path_of(1, 'intercepts')}:"))
    assert f": {severity}: " in found[0]
    assert not any(path_of(0)[:5] in line for line in told(tmp_path)), "the others are whole"


@pytest.mark.parametrize("modifier", ["", "intercepts", "baselines", "blanks", "icfactors", ".data"])
def test_a_file_that_is_gone_or_no_json_is_told(modifier, tmp_path):
    files = lab()
    path = path_of(1, modifier)
    files[path] = b'{"Ar40": {"value": 1.0,\n "error"'
    files.write(tmp_path)
    assert [line for line in told(tmp_path) if line.startswith(f"{path}:2: error: it is no JSON (column")]
    (tmp_path / path).unlink()
    lines = told(tmp_path)
    assert lines
    rest = path.rpartition("/")[2].partition(".")[0]
    assert all(": error: " in line for line in lines if rest in line)
    assert any(rest in line for line in lines)


def test_files_that_fit_nothing(tmp_path):
    files = lab()
    main = path_of(1)
    uuid = files[main]["uuid"]
    files[f"{uuid[:2]}/{uuid[2:]}.json"] = files[main]
    files["ab/tags/cdef.tags.json"] = {"name": "ok"}
    files["README.md"] = "a note"
    files["0" * 40 + ".json"] = '{"settings": {}, "settings": {"a": NaN}}'
    files.write(tmp_path)
    (tmp_path / "lost.json").symlink_to("nowhere")
    lines = "\n".join(told(tmp_path))
    assert f"{uuid[:2]}/{uuid[2:]}.json:0: error: the same analysis stands in {main}" in lines
    assert "ab/tags/cdef.tags.json:0: error: it belongs to abcdef, and there is no such analysis" in lines
    assert f"{'0' * 40}.json:0: error: it holds NaN" in lines
    assert f"{'0' * 40}.json:0: error: settings stands twice" in lines
    assert "lost.json:0: error: it cannot be read: a link that leads nowhere" in lines


def test_two_analyses_of_one_name_are_told(tmp_path):
    files = lab()
    files[path_of(2)]["aliquot"] = files[path_of(1)]["aliquot"]
    (line,) = told(files.write(tmp_path))
    assert "70001-02 is also" in line
    assert ": warning: " in line


def test_references_may_stand_in_another_repository(tmp_path):
    files = lab()
    blank = Files({p: files.pop(p) for p in list(files) if BLANK[:5] in p})
    files.write(tmp_path / "a")
    blank.write(tmp_path / "b")
    assert len(told(tmp_path / "a")) == 3
    assert told(tmp_path / "a", elsewhere=set(names_in(open_repository(tmp_path / "b")))) == []


def test_irradiations_are_looked_up_in_the_metadata(tmp_path):
    files = lab()
    files[path_of(1)]["irradiation_level"] = "Q"
    files[path_of(2)]["irradiation_position"] = 5
    files[path_of(0)]["identifier"] = "70002"
    files.write(tmp_path / "a")
    metadata().write(tmp_path / "MetaData")
    lines = "\n".join(told(tmp_path / "a", meta=open_metadata(tmp_path / "MetaData")))
    assert "TEST-001 Q 7 cannot be looked up" in lines
    assert "the metadata have no position TEST-001 A 5" in lines
    assert "TEST-001 A 7 holds 70001 in the metadata; here it is 70002" in lines


def test_a_damaged_object_of_git_is_told_and_the_rest_is_read(tmp_path):
    lab().write(tmp_path / "a")
    committed(tmp_path / "a")
    git(tmp_path, "clone", "--quiet", "--bare", "a", "a.git")
    bare = tmp_path / "a.git"
    damaged, missing = path_of(1, "intercepts"), path_of(2)
    for path, content in ((damaged, b"no object"), (missing, None)):
        name = git(bare, "rev-parse", f"main:{path}")
        loose = bare / "objects" / name[:2] / name[2:]
        assert loose.exists(), "a fresh clone of a folder keeps loose objects"
        loose.unlink()
        if content is not None:
            loose.write_bytes(content)
    lines = told(f"{bare}@main")
    assert [line for line in lines if line.startswith(f"{damaged}:0: error: git cannot give it")]
    assert [line for line in lines if line.startswith(f"{missing}:0: error: git cannot give it")]
    assert not any(path_of(0)[:5] in line for line in lines)


@pytest.mark.parametrize(
    ("path", "content", "text"),
    [
        ("TEST-001/chronology.txt", "1.0,2025-01-10 09:00:00\n", "TEST-001/chronology.txt:1: error: a segment"),
        ("TEST-001/chronology.txt", "1.0,2025-01-10 09:00:00,2025-01-09 19:00:00\n", "chronology.txt:0: error"),
        ("TEST-001/productions.json", {"B": "TRIGA"}, "it names no production for level A"),
        ("TEST-001/productions.json", {"A": "TRIGA", "B": "TRIGA"}, "warning: it names production ratios for level B"),
        ("TEST-001/productions.json", {"A": "OSU"}, "there is no production OSU"),
        ("TEST-001/productions/TRIGA.json", {"K4039": [0.0, 0.0]}, "it has no K3839"),
        ("TEST-001/A.json", [{"position": 1}, {"position": 1}], "A.json:0: error: hole 1 stands there twice"),
        ("TEST-001/A.json", [{"position": n, "identifier": "7"} for n in (1, 2)], "7 is in hole 1 and in hole 2"),
        ("TEST-001/A.json", [{"position": 1, "j": -1e-3, "j_err": 0}], "j of hole 1 is below zero"),
        ("TEST-001/A.json", [{"position": 1, "j": 1e-3, "j_err": 0}], "warning: J of hole 1 does not say"),
        ("TEST-001/A.json", "[", "A.json:1: error: it is no JSON"),
        ("spectrometers/sim1.sens.json", [{"create_date": "then"}], "sim1.sens.json:0: error: create_date"),
        ("spectrometers/sim1.gain.json", {"H1": "big"}, "the gain of H1 must be a number"),
        ("irradiation_holders/24_hole.txt", "circle,2.0\n0\n", "24_hole.txt:2: error: a hole is written"),
        ("load_holders/221.txt", "", "221.txt:0: error: it is empty"),
    ],
)  # fmt: skip
def test_damage_of_the_metadata_is_told(path, content, text, tmp_path):
    files = metadata()
    assert told(files.write(tmp_path / "whole")) == []
    files[path] = content
    lines = told(files.write(tmp_path / "damaged"))
    assert any(text in line for line in lines), lines


def test_monitors_of_a_level_are_looked_for_where_repositories_were_named(tmp_path):
    files = metadata()
    files["TEST-001/A.json"]["positions"][0]["analyses"] = [{"uuid": an_identity(5), "record_id": "70001-99"}]
    files.write(tmp_path)
    assert told(tmp_path) == []
    (line,) = told(tmp_path, elsewhere={"70001-01"})
    assert "1 monitors of hole 7, as 70001-99" in line


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "notes.json").write_text(json.dumps({}))
    with pytest.raises(CorruptFile, match="name a repository"):
        verify(open_tree(tmp_path))


@pytest.mark.skipif(not REAL.is_dir(), reason="the real laboratory's repositories are not here")
def test_the_real_repository_is_whole_but_for_what_stands_elsewhere():
    meta = open_metadata(REAL / "MetaData")
    found = verify(open_tree(REAL / "Irradiation-NM-313"), meta=meta)
    assert (found.kind, found.files, found.records, found.errors) == ("analyses", 259, 37, 0)
    assert {one.text.split(" ")[1] for one in found.findings} == {"references", "spectrometer"}
    names = set(names_in(open_repository(REAL / "Irradiation-NM-313")))
    assert verify(open_tree(REAL / "MetaData"), elsewhere=names).findings == ()
