"""The languages that the system can be set to."""

from pathlib import Path

from admin.errors import HostError

SUPPORTED = Path("/usr/share/i18n/SUPPORTED")
"""From the package locales: a locale and a character set in each line (locale-gen(8))."""


class Locales:
    """Reads the list of locales."""

    def __init__(self, path: Path = SUPPORTED) -> None:
        self._path = path

    def supports(self, language: str) -> bool:
        """Whether there is a locale of this language, such as de_DE, in UTF-8. Raises HostError without a list."""
        try:
            supported = self._path.read_text().splitlines()
        except OSError as error:
            raise HostError(f"{self._path} cannot be read; install the package locales") from error
        return f"{language}.UTF-8 UTF-8" in supported or f"{language} UTF-8" in supported
