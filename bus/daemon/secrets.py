"""What is hidden in texts that leave the device, such as a bug report. Pure."""

import re
from collections.abc import Collection

HIDDEN = "(hidden)"

MIN_SECRET = 4
"""Characters of a text that is hidden wherever it occurs; a shorter one would take many words with it."""

_KEY = re.compile(r"(password|passphrase|secret|token|psk|sha256|(?<!ssl_)key)$", re.IGNORECASE)
"""The last name of a key; `ssl_key` is the path of a file."""

_LOGIN = re.compile(r"(?<=://)[^/\s@]+(?=@)")
"""User and password in a URL."""

_GIVEN = re.compile(
    r"""((?:password|passphrase|secret|token|psk|(?:access|api|private|secret)_?key)["']?\s*[=:]\s*"""
    r"""|bearer\s+|[?&]authorization=)"""
    r"""("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"',;}]+)""",
    re.IGNORECASE,
)
"""A secret behind its name, as in `psk=...` or `"token": "..."`."""


def is_secret(key: str) -> bool:
    """Whether the value of a key such as "admin.wifi.password" is not to be shown."""
    return _KEY.search(key) is not None


def without_login(text: str) -> str:
    """A text without the user names and passwords of its URLs."""
    return _LOGIN.sub(HIDDEN, text)


def without_secrets(text: str, secrets: Collection[str]) -> str:
    """A text without these secrets, and without what is named as one."""
    for secret in sorted((secret for secret in secrets if len(secret) >= MIN_SECRET), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _GIVEN.sub(lambda found: found[1] + HIDDEN, without_login(text))
