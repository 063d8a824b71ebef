"""The words that mean yes and no in the files of laboratories. Pure."""

from __future__ import annotations

TRUE_WORDS = ("true", "t", "yes", "y", "1", "on", "ok", "open")
FALSE_WORDS = ("false", "f", "no", "n", "0", "off", "closed", "none")


def read_flag(text: str) -> bool | None:
    """True, False, or None where `text` is neither: installed Pychron takes that as False, we report it."""
    word = text.strip().casefold()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    return None
