"""From what a script's process said and how it went to how the script ended. Pure."""

from __future__ import annotations

from pychron.config.problems import Place
from pychron.scripting.outcomes import Result, ScriptEnded
from pychron.scripting.protocol import EndLine


def of_death(cancelled: str | None, text: str, stderr: bytes) -> tuple[Result, str]:
    """Its process ended without saying how the script ended."""
    words = stderr.decode("utf-8", "replace").strip().splitlines()
    died = f"its process died: {text}" + (f"; its last words: {words[-1][:400]}" if words else "")
    if cancelled is not None:
        return Result.CANCELLED, f"{cancelled}; then {died}"
    return Result.DIED, died


def of_end(end: EndLine, cancelled: str | None, end_after: bool, seconds: float) -> ScriptEnded:
    """It said how the script ended; a script that was cancelled is so whatever it says."""
    text = f"{end.kind}: {end.text}" if end.text else end.kind
    cut = False
    if end.result == "failed" and cancelled is None:
        result, reason = Result.FAILED, text
    elif end.result == "failed":
        result, reason, cut = Result.CANCELLED, f"{cancelled}; its clean-up failed: {text}", True
    elif cancelled is not None:
        result, reason = Result.CANCELLED, cancelled
    elif end.result == "cancelled":
        result, reason = Result.CANCELLED, "the script raised Cancelled"
    else:
        result, reason = Result.COMPLETED, ""
    return ScriptEnded(
        result,
        reason,
        Place(end.file, end.line) if end.file else None,
        end.source,
        end_after,
        cut,
        seconds,
        tuple((name, Place(file, line)) for name, file, line in end.unknown),
        end.not_reached,
    )
