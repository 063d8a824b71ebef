"""Everything around a moment in one archive: events, values, exchanges with instruments, audit, configuration; secrets left out, and said so."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pychron.observability.audit_reader import AuditLine
from pychron.observability.history import database
from pychron.observability.history.database import Connection

LARGEST = 2 * 1024 * 1024
"""Bytes of one configuration file that are packed."""
_SECRET_FILE = re.compile(
    r"(^|/)(secrets?|private|\.ssh|oauth\.json|.*\.(key|pem|p12|pfx))($|/)", re.IGNORECASE
)
_SECRET_LINE = re.compile(
    r"^(\s*[\"']?[\w.-]*(?:password|passwd|secret|token|api_?key)[\w.-]*[\"']?\s*[:=]\s*).*$|(<(\w*(?:password|token)\w*)>)[^<]*(</\3>)|(://[^/\s:@]+:)[^@\s]+(@)",
    re.IGNORECASE,
)


def pack(
    path: Path, root: Path, connection: Connection | None, audit: Iterable[AuditLine], at: float, window_s: float,
    about: Mapping[str, Any], exchanges: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:  # fmt: skip
    """Write the archive (tar.gz) and answer its manifest. Raises OSError."""
    start, end = at - window_s, at + window_s
    files: dict[str, bytes] = {}
    left_out: list[str] = []
    if connection is not None:
        found = database.events(connection, start, end, (), 100_000, "")
        files["events.jsonl"] = _lines(asdict(one) for one in found)
        files["state.json"] = _json(asdict(database.state_at(connection, at)))
        values = {
            tag: asdict(database.values(connection, tag, start, end, 20_000))
            for tag in database.tags(connection)
        }
        files["values.json"] = _json(values)
    files["audit.jsonl"] = _lines(asdict(line) for line in audit if start <= line.wall <= end)
    files["exchanges.jsonl"] = _lines(exchanges)
    for name, data in configuration(root, left_out):
        files[f"configuration/{name}"] = data
    manifest = {
        **about,
        "at": at,
        "from": start,
        "to": end,
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        },
        "left_out": left_out,
    }
    beside = path.with_name(f".{path.name}.part")
    with tarfile.open(beside, "w:gz") as archive:
        for name, data in {"manifest.json": _json(manifest), **files}.items():
            entry = tarfile.TarInfo(f"incident/{name}")
            entry.size, entry.mtime, entry.mode = len(data), int(at), 0o644
            archive.addfile(entry, io.BytesIO(data))
    beside.replace(path)
    return manifest


def configuration(root: Path, left_out: list[str]) -> Iterator[tuple[str, bytes]]:
    """The files of setupfiles and scripts, lines that hold a secret blanked; what is not packed goes to `left_out`."""
    for folder in ("setupfiles", "scripts"):
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_symlink() or not path.is_file():
                continue
            if _SECRET_FILE.search(name):
                left_out.append(f"{name}: may hold secrets")
                continue
            if path.stat().st_size > LARGEST:
                left_out.append(f"{name}: larger than {LARGEST} bytes")
                continue
            try:
                text = path.read_bytes().decode("utf-8")
            except (OSError, UnicodeDecodeError) as problem:
                left_out.append(f"{name}: cannot be read as text ({problem})")
                continue
            lines = [_blanked(line) for line in text.split("\n")]
            hidden = [number for number, (_, hides) in enumerate(lines, 1) if hides]
            if hidden:
                left_out.append(f"{name}: secrets in line {', '.join(map(str, hidden))}")
            yield name, "\n".join(line for line, _ in lines).encode()


def _blanked(line: str) -> tuple[str, bool]:
    found = _SECRET_LINE.search(line)
    if found is None:
        return line, False
    if found[1]:
        return f"{found[1]}(left out)", True
    if found[2]:
        return _SECRET_LINE.sub(r"\2(left out)\4", line), True
    return _SECRET_LINE.sub(r"\5(left out)\6", line), True


def _lines(objects: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(one, ensure_ascii=False, default=str) + "\n" for one in objects).encode()


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str).encode()
