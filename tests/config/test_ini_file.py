"""cfg files: lines of keys, doubled ones, byte order marks, files without a last line end."""

from __future__ import annotations

from pathlib import Path

from pychron.config.ini_file import parse_ini, read_ini
from pychron.config.problems import Report


def test_sections_keys_and_lines():
    report = Report()
    ini = parse_ini(
        "; c\n[General]\nName = pyvalve\n# c\n[Communications]\nhost: a=b\n", Path("f.cfg"), report
    )
    assert {s: {k: (v.text, v.place.line) for k, v in keys.items()} for s, keys in ini.sections.items()} == {
        "General": {"name": ("pyvalve", 3)},
        "Communications": {"host": ("a=b", 6)},
    }
    assert report.problems == []


def test_what_stands_twice_or_nowhere_is_reported():
    report = Report()
    ini = parse_ini(
        "port = 1\n[A]\nx = 1\nx = 2\n  more\nnonsense\n[B]\ny=1\n  and 2\n[A]\nz = 3\n",
        Path("f.cfg"),
        report,
    )
    assert [str(p) for p in report.problems] == [
        "f.cfg:1: error: port stands before any [section]; write [General] above it",
        "f.cfg:4: error: x stands twice in [A], first in line 3; keep one",
        "f.cfg:6: error: 'nonsense' is neither [section] nor key = value",
        "f.cfg:10: error: [A] stands twice, first in line 2; join them",
    ]
    assert ini.sections["A"]["x"].text == "1"
    assert ini.sections["B"]["y"].text == "1\nand 2"


def test_byte_order_mark_crlf_latin_1_and_no_last_line_end(tmp_path):
    path = tmp_path / "f.cfg"
    path.write_bytes(b"\xef\xbb\xbf[General]\r\nunits = \xb0C\r\nname = x")
    report = Report(tmp_path)
    ini = read_ini(path, report)
    assert ini is not None
    assert {k: v.text for k, v in ini.sections["General"].items()} == {"units": "°C", "name": "x"}
    assert [str(p) for p in report.problems] == [
        "f.cfg:2: warning: is not UTF-8, read as Latin-1; save the file as UTF-8"
    ]


def test_files_that_cannot_be_read(tmp_path):
    report = Report(tmp_path)
    (tmp_path / "big.cfg").write_bytes(b"a" * (1 << 20) + b"b")
    (tmp_path / "nul.cfg").write_bytes(b"[A]\nx = \x00\n")
    for name in ("absent.cfg", "big.cfg", "nul.cfg", "."):
        assert read_ini(tmp_path / name, report) is None
    assert [str(p) for p in report.problems] == [
        "absent.cfg:0: error: no such file",
        "big.cfg:0: error: is larger than 1048576 bytes; no file of a root is",
        "nul.cfg:2: error: holds the control character '\\x00'; is this a text file?",
        ".:0: error: is not a file",
    ]
