"""Work in pieces: the same numbers to the last bit as in one batch, and what a lost piece leaves behind."""

import math
import pickle

import pytest

from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.results import results
from pychron.pipeline.batch import metadata_of, reduce_analyses
from pychron.pipeline.fitting.refits import refit
from pychron.pipeline.running import chunks
from pychron.pipeline.running.chunks import Here, Lost, OtherCode, all_ages, all_fits, cut, is_lost
from pychron.pipeline.running.workspace import open_workspace
from tests.dvc.making import Files, an_identity, analysis, metadata

ARITHMETIC = Arithmetic()


@pytest.fixture
def lab(tmp_path):
    """Two repositories: 9 whole analyses, one without a time, one without baselines."""
    metadata().write(tmp_path / "MetaData")
    for name, seeds in (("one", range(6)), ("two", range(6, 11))):
        files = Files()
        for seed in seeds:
            files.update(
                analysis(
                    seed, 2, increment=seed, timestamp=None if seed == 7 else f"2025-02-03T0{seed % 5}:00:00"
                )
            )
        files.pop(f"{an_identity(3)[:2]}/baselines/{an_identity(3)[2:]}.base.json", None)
        files.write(tmp_path / name)
    return tmp_path


def in_one_batch(lab):
    workspace = open_workspace(lab / "MetaData", [lab / "one", lab / "two"])
    loaded = workspace.load()
    meta = metadata_of(workspace.meta, ARITHMETIC, workspace.frozen)
    return results(loaded, reduce_analyses([one.analysis for one in loaded], meta, ARITHMETIC), ARITHMETIC)


def names(lab):
    return [str(lab / "one"), str(lab / "two")]


def same(one, other):
    """Equal in every field; repr, because NaN is not itself."""
    return [repr(x) for x in one] == [repr(x) for x in other]


@pytest.mark.parametrize("size", [1, 2, 3, 400])
def test_pieces_give_the_ages_of_one_batch_to_the_last_bit(lab, monkeypatch, size):
    monkeypatch.setattr(chunks, "SIZE", size)
    pieces = cut(names(lab), str(lab / "MetaData"), ARITHMETIC)
    assert len(pieces) == math.ceil(6 / size) + math.ceil(5 / size)
    found = all_ages(Here(), pieces)
    expected = in_one_batch(lab)
    assert sum(one.age_ma is not None for one in expected) == 9
    assert same(found, expected)


def test_pieces_are_fitted_as_the_whole(lab, monkeypatch):
    monkeypatch.setattr(chunks, "SIZE", 2)
    rows, faults = all_fits(Here(), cut(names(lab)))
    expected = [refit(piece, piece_ids) for piece, piece_ids in _repositories(lab)]
    assert rows == [row for some, _ in expected for row in some]
    assert faults == [fault for _, some in expected for fault in some]
    assert len(rows) > 90
    assert faults


def _repositories(lab):
    for repository in open_workspace(None, names(lab)).repositories:
        yield repository, repository.identities()


def test_pieces_of_one_identifier(lab):
    analysis(20, 2, identifier="70009").write(lab / "one")
    (piece,) = cut(names(lab)[:1], identifier="70009")
    assert piece.identities == (an_identity(20),)


class Loses:
    """An engine that loses the pieces with these numbers."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def each(self, work, pieces):
        for number, done in reversed(list(Here().each(work, pieces))):
            yield number, Lost("its worker was struck by lightning") if number in self.numbers else done


def test_the_analyses_of_a_lost_piece_are_flagged_and_the_rest_goes_on(lab, monkeypatch):
    monkeypatch.setattr(chunks, "SIZE", 2)
    pieces = cut(names(lab), str(lab / "MetaData"), ARITHMETIC)
    seen = []
    found = all_ages(Loses(1), pieces, lambda: seen.append(1))
    lost = [one for one in found if is_lost(one)]
    assert sorted(one.uuid for one in lost) == sorted(pieces[1].identities)
    assert {one.flags[0].text for one in lost} == {
        "its piece of work was lost: its worker was struck by lightning"
    }
    assert all(one.age_ma is None and one.flags[0].fatal and one.repository == "one" for one in lost)
    expected = [one for one in in_one_batch(lab) if one.uuid not in pieces[1].identities]
    assert same([one for one in found if not is_lost(one)], expected)
    assert len(seen) == 11
    fitted = cut(names(lab))
    rows, faults = all_fits(Loses(0, 2), fitted)
    gone = {identity for number in (0, 2) for identity in fitted[number].identities}
    assert not {row.uuid for row in rows} & gone
    assert {f.record_id for f in faults if "lightning" in f.text} == gone


def test_a_repository_that_went_away_is_lost_not_the_rest(lab):
    pieces = cut(names(lab), str(lab / "MetaData"), ARITHMETIC)
    (lab / "one").rename(lab / "elsewhere")
    found = all_ages(Here(), pieces)
    assert [is_lost(one) for one in found].count(True) == 6
    assert "there is no such folder" in next(one for one in found if is_lost(one)).flags[0].text


def test_a_piece_is_refused_by_other_code(lab, monkeypatch):
    (piece, _) = cut(names(lab), str(lab / "MetaData"), ARITHMETIC)
    chunks.ages(piece)
    monkeypatch.setattr(chunks, "code", lambda: "0" * 64)
    with pytest.raises(OtherCode, match="install the same version on both"):
        chunks.ages(piece)
    with pytest.raises(OtherCode):
        chunks.fits(piece)


def test_pieces_and_results_travel(lab, monkeypatch):
    monkeypatch.chdir(lab)
    pieces = cut(["one"], "MetaData")
    assert [piece.repository for piece in pieces] == [str(lab / "one")]
    assert pickle.loads(pickle.dumps(pieces)) == pieces
    done = chunks.ages(pieces[0])
    assert same(pickle.loads(pickle.dumps(done)), done)
    fitted = chunks.fits(pieces[0])
    assert pickle.loads(pickle.dumps(fitted)) == fitted
