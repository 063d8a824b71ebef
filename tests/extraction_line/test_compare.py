"""This node's valves file against the controller's list: a table of what may differ."""

from dataclasses import replace

import pytest

from pychron.extraction_line.remote.compare import compare, unlisted
from pychron.extraction_line.remote.views import read_switch
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Kind
from tests.extraction_line.fake_controllers import spec

OWN = LineSpec(
    (
        spec("A", 4, description="Bone to turbo", interlocks=("B", "X")),
        spec("B", 5, positive_interlocks=("J", "X")),
        spec("J", 6, kind=Kind.SWITCH, parent="A", parent_inverted=True),
        spec("X", 7, actuator="other", interlocks=("J",)),
    )
)
NAMES = ("A", "B", "J")
PEER = {
    "A": {"description": "Bone to turbo", "kind": "valve", "interlocks": ["B"]},
    "B": {"kind": "valve", "interlocks": ["A"], "positive_interlocks": ["J"]},
    "J": {"kind": "switch", "parent": "A", "parent_inverted": True},
}


def peer(**changes):
    entries = {n: {"name": n, **PEER[n], **changes.get(n, {})} for n in PEER}
    return {n: read_switch(e) for n, e in entries.items() if not e.get("gone")}


def test_two_files_that_agree_have_no_differences() -> None:
    """Ties to X, which another controller drives, are none of this one's."""
    assert compare(OWN, NAMES, peer(), "pyvalve") == ()


@pytest.mark.parametrize(
    ("name", "change", "text"),
    [
        ("A", {"description": "Bone to getter"}, "description here 'Bone to turbo', there 'Bone to getter'"),
        ("B", {"kind": "double_actuation_valve"}, "kind here 'valve', there 'double_actuation_valve'"),
        ("A", {"interlocks": []}, "interlocks here 'B', there nothing"),
        ("B", {"interlocks": ["A", "J"]}, "interlocks here 'A', there 'A, J'"),
        ("B", {"positive_interlocks": []}, "positive interlocks here 'J', there nothing"),
        ("J", {"parent": ""}, "parent here 'A (inverted)', there nothing"),
        ("J", {"parent_inverted": False}, "parent here 'A (inverted)', there 'A'"),
        ("J", {"gone": True}, "switch J is not known to pyvalve"),
    ],
)
def test_each_difference_is_told_with_both_versions(name: str, change: dict, text: str) -> None:
    (found,) = compare(OWN, NAMES, peer(**{name: change}), "pyvalve")
    assert found.switch == name
    assert text in found.text
    assert str(found).startswith(f"{OWN.by_name[name].place}: ")


def test_switches_that_only_the_controller_knows() -> None:
    extra = {**peer(), "Z": replace(peer()["A"])}
    assert unlisted(OWN, extra) == ("Z",)


def test_a_parent_that_turns_a_child_which_only_the_controller_knows_differs() -> None:
    child = read_switch({"name": "Z", "kind": "valve", "parent": "B"})
    (found,) = compare(OWN, NAMES, {**peer(), "Z": child}, "pyvalve")
    assert found.switch == "B"
    assert "it turns its child Z there, which this node's file does not have" in found.text
