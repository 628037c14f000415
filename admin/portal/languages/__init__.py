"""The texts of the page: one file for each language."""

import functools
import tomllib
from pathlib import Path

from admin.portal.texts import Texts


@functools.cache
def load(language: str) -> Texts:
    """The texts in one of LANGUAGES."""
    return Texts(language, tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text("utf-8")))
