"""Where scripts are looked for, and the names that leave scripts/."""

from pathlib import PurePosixPath as P

import pytest

from pychron.scripting import names
from pychron.scripting.script_errors import GosubError

S = P("/lab/scripts")


def disk(*files):
    paths = {S / each for each in files}
    folders = {parent for path in paths for parent in path.parents}
    return paths.__contains__, lambda level: [each.name for each in folders if each.parent == level]


@pytest.mark.parametrize(
    ("name", "spectrometer", "expected"),
    [
        ("unknown", "Jan", ["jan_unknown.py", "unknown.py"]),
        ("unknown.py", "jan", ["jan_unknown.py", "unknown.py"]),
        ("jan_unknown", "jan", ["jan_unknown.py", "unknown.py"]),
        ("nmgrl/jan_unknown", "jan", ["nmgrl/jan_unknown.py", "nmgrl/unknown.py"]),
        ("unknown", "", ["unknown.py"]),
        ("jan_", "jan", ["jan_jan_.py", "jan_.py"]),
    ],
)
def test_the_prefixed_name_is_tried_first(name, spectrometer, expected):
    assert [str(each) for each in names.candidates(name, spectrometer)] == expected


def test_the_first_that_exists_is_taken():
    is_file, _ = disk("extraction/jan_air.py", "extraction/air.py", "extraction/blank.py")
    assert names.find_script("air", S / "extraction", "jan", is_file) == S / "extraction/jan_air.py"
    assert names.find_script("blank", S / "extraction", "jan", is_file) == S / "extraction/blank.py"
    with pytest.raises(names.ScriptNotFound) as caught:
        names.find_script("cocktail", S / "extraction", "jan", is_file)
    assert "jan_cocktail.py, /lab/scripts/extraction/cocktail.py" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "a/../../x", "a:..:x", "a//b", "~root/x", ".", "a\\b", "a\0b", ":x", "x/"],
)
def test_no_name_leaves_scripts(name):
    with pytest.raises(names.BadName):
        names.parts(name)


def test_gosub_climbs_looking_at_each_level_and_its_sub_folders():
    is_file, folders = disk(
        "extraction/lab/Prepare.py", "extraction/felix/Prepare.py", "procedures/Pump.py", "Top.py"
    )

    def find(name, root=S / "extraction"):
        return str(names.find_gosub(name, root, S, is_file, folders).relative_to(S))

    assert find("lab:Prepare") == find("lab/Prepare.py") == "extraction/lab/Prepare.py"
    assert find("Prepare") == "extraction/felix/Prepare.py"  # sub-folders in the order of their names
    assert find("Prepare", S / "extraction/lab") == "extraction/lab/Prepare.py"
    assert find("Pump") == "procedures/Pump.py"
    assert find("Top", S / "extraction/lab") == "Top.py"


def test_gosub_that_is_not_there_and_a_root_outside():
    is_file, folders = disk("extraction/a.py")
    with pytest.raises(GosubError, match="no script 'b'"):
        names.find_gosub("b", S / "extraction", S, is_file, folders)
    for root in (P("/etc"), S / "..", S / "extraction/../../x"):
        with pytest.raises(GosubError, match="outside"):
            names.find_gosub("a", root, S, is_file, folders)
