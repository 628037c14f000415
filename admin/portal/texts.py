"""The languages of the page, and the choice of one. Pure."""

import re
from collections.abc import Mapping

from admin.portal.markup import Html, escape, html

DEFAULT = "en"
LANGUAGES = (DEFAULT, "de", "es", "fr", "it", "nl", "pt")

MAX_RANGES = 20
"""Languages of a browser that are looked at."""

_RANGE = re.compile(
    r"\s*([a-z]{1,8})(?:-[a-z0-9-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?", re.IGNORECASE
)


class Texts:
    """All texts in one language."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **values: object) -> Html:
        """A text as HTML, with its {fields} filled in."""
        return html(escape(self._texts[key]), **values)


def choose(accepted: str) -> str:
    """The language for a browser, of its header Accept-Language (RFC 9110, 12.5.4)."""
    best, best_quality = DEFAULT, 0.0
    for text in accepted.split(",", MAX_RANGES)[:MAX_RANGES]:
        wanted = _RANGE.fullmatch(text)
        if wanted and (language := wanted[1].lower()) in LANGUAGES:
            quality = float(wanted[2] or 1)
            if quality > best_quality:
                best, best_quality = language, quality
    return best
