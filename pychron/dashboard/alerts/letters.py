"""The words of an alert: mail, webhook bodies, environment of a program. Pure."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from pychron.dashboard.alerts.episodes import Episode, Kind
from pychron.dashboard.alerts.specs import Mail, Webhook
from pychron.dashboard.events import Level

SEVEN_BITS = SMTP.clone(cte_type="7bit")
"""A server need not take bytes beyond ASCII, and the sender asks none whether it does."""
NTFY = {Kind.CLEAR: "default", Kind.TEST: "default"}


def subject(episode: Episode, kind: Kind, node: str, simulated: bool) -> str:
    """One line: what, where."""
    word = {
        Kind.RAISED: str(episode.level).upper(),
        Kind.REPEATED: f"STILL {str(episode.level).upper()}",
    }.get(kind, str(kind).upper())
    mark = "SIMULATED " if simulated else ""
    return _line(f"{mark}{word}: {episode.title} ({node})")


def body(episode: Episode, kind: Kind, node: str) -> str:
    """What happened, since when, what to do, how to say that one has it."""
    lines = [episode.why, ""]
    if episode.guidance and kind is not Kind.CLEAR:
        lines += [f"What to do: {episode.guidance}", ""]
    lines.append(f"Node: {node}")
    lines.append(f"Since: {_time(episode.began)}")
    if episode.over is not None:
        lines.append(f"Over: {_time(episode.over)}")
    if episode.by:
        lines.append(f"Acknowledged by: {episode.by}{f' ({episode.note})' if episode.note else ''}")
    if episode.place:
        lines.append(f"Set in: {episode.place}")
    if kind in (Kind.RAISED, Kind.REPEATED, Kind.ESCALATED):
        lines += ["", f"Say that you have it: pychron alert ack NODE '{episode.key}'"]
    return "\n".join(lines) + "\n"


def mail(
    episode: Episode, kind: Kind, node: str, channel: Mail, number: int, wall: float, simulated: bool
) -> bytes:
    """The message. A second copy of one letter has the same Message-ID, so that a reader may know it as such."""
    message = EmailMessage(policy=SEVEN_BITS)
    message["Subject"] = subject(episode, kind, node, simulated)
    message["From"] = channel.sender
    message["To"] = ", ".join(channel.to)
    message["Date"] = format_datetime(datetime.fromtimestamp(wall, UTC))
    token = sha256(f"{node} {episode.id} {kind} {number}".encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{token}@pychron>"
    thread = sha256(f"{node} {episode.id}".encode()).hexdigest()[:32]
    message["References"] = f"<{thread}@pychron>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Pychron-Episode"] = _line(episode.id)
    message.set_content(body(episode, kind, node))
    return message.as_bytes()


def as_object(episode: Episode, kind: Kind, node: str, simulated: bool) -> dict[str, object]:
    """For programs."""
    return {
        "kind": str(kind), "node": node, "simulated": simulated, "id": episode.id, "key": episode.key,
        "level": str(episode.level), "title": episode.title, "why": episode.why, "guidance": episode.guidance,
        "began": episode.began, "over": episode.over, "phase": str(episode.phase), "by": episode.by,
    }  # fmt: skip


def webhook(
    episode: Episode, kind: Kind, node: str, channel: Webhook, simulated: bool
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the POST."""
    head, text = subject(episode, kind, node, simulated), body(episode, kind, node)
    if channel.preset == "ntfy":
        urgent = "urgent" if episode.level is Level.CRITICAL else "high"
        headers = {
            "Title": head.encode("ascii", "replace").decode(),
            "Priority": NTFY.get(kind, urgent),
            "Tags": "white_check_mark" if kind is Kind.CLEAR else "warning",
        }
        return text.encode(), headers
    if channel.preset in ("slack", "teams"):
        value: object = {
            "text": f"*{head}*\n{text}" if channel.preset == "slack" else f"**{head}**\n\n{text}"
        }
    else:
        value = as_object(episode, kind, node, simulated)
    return json.dumps(value, ensure_ascii=False).encode(), {"Content-Type": "application/json"}


def environment(episode: Episode, kind: Kind, node: str, simulated: bool) -> dict[str, str]:
    """For a program; no NUL, no line ends in a value."""
    found = as_object(episode, kind, node, simulated)
    return {
        f"PYCHRON_{key.upper()}": _line("" if value is None else str(value)) for key, value in found.items()
    }


def _line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()


def _time(wall: float) -> str:
    return f"{datetime.fromtimestamp(wall).astimezone():%Y-%m-%d %H:%M:%S %Z}"
