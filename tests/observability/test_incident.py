"""An archive of a moment: what is in it, and that no secret is."""

from __future__ import annotations

import json
import tarfile

import pytest
from click.testing import CliRunner

from pychron.cli.main import main
from pychron.observability.incident import configuration, pack

SECRETS = {
    "setupfiles/alerts.yaml": "channels:\n  mail: {kind: email}\n  password: hunter2\n  url: https://ana:hunter2@x/\n",
    "setupfiles/web.yaml": "port: 1\ntoken_sha256: hunter2\n",
    "setupfiles/initialization.xml": "<root><server_password>hunter2</server_password><port>5</port></root>\n",
    "setupfiles/secrets/mail": "hunter2\n",
    "setupfiles/node.key": "hunter2\n",
    "scripts/extraction/a.py": "def main():\n    open('A')\n",
}


@pytest.fixture
def root(tmp_path):
    for name, text in SECRETS.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "root"


def test_no_secret_is_packed_and_each_place_is_named(root):
    left_out = []
    found = dict(configuration(root, left_out))
    assert b"hunter2" not in b"".join(found.values())
    assert found["scripts/extraction/a.py"] == SECRETS["scripts/extraction/a.py"].encode()
    assert b"port: 1" in found["setupfiles/web.yaml"]
    assert b"<port>5</port>" in found["setupfiles/initialization.xml"]
    told = " ".join(left_out)
    for name in (
        "setupfiles/secrets/mail",
        "setupfiles/node.key",
        "alerts.yaml: secrets in line 3, 4",
        "web.yaml: secrets in line 2",
    ):
        assert name in told


def test_the_archive_names_its_files(root, tmp_path):
    manifest = pack(tmp_path / "i.tar.gz", root, None, (), 1000.0, 600.0, {"code": "1"})
    with tarfile.open(tmp_path / "i.tar.gz") as archive:
        names = {name.removeprefix("incident/") for name in archive.getnames()}
        inside = json.load(archive.extractfile("incident/manifest.json"))
    assert names == {"manifest.json", *manifest["files"]}
    assert (inside["from"], inside["to"], inside["code"]) == (400.0, 1600.0, "1")
    assert list(tmp_path.glob(".*.part")) == []


def test_an_archive_that_names_itself_writes_over_none(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["incident", "--root", str(root), "--at", "2026-11-26 03:12"]
    for _ in range(3):
        assert CliRunner().invoke(main, words, prog_name="pychron").exit_code == 0
    found = sorted(path.name for path in tmp_path.glob("*.gz"))
    assert found == [f"incident-20261126-0312{more}.tar.gz" for more in ("-2", "-3", "")]
