"""JSON with `//` and `#` comments, as the ecosystem writes its mycroft.conf. Pure."""

import codecs
import re
from typing import Any

import msgspec

_STRING = rb'"(?:[^"\\\n]|\\.)*"'
_COMMENT_OR_STRING = re.compile(rb"%b|(?://|#)[^\n]*" % _STRING)
_KEY_OR_BRACKET = re.compile(rb"(%b)\s*:|%b|[{}\[\]]" % (_STRING, _STRING))
_PADDING = b" " * 12
"""So that half a surrogate pair near the end is not taken for the end of the file."""

_POSITION = re.compile(r" \(byte (\d+)\)$")


def parse(raw: bytes) -> dict[str, Any]:
    """The object in a file; a file without any content is an empty one.

    Raises ValueError, which names line and column where there is one.
    """
    bare = without_comments(raw)
    if not bare.strip():
        return {}
    try:
        raw.decode()
        return msgspec.json.decode(bare + _PADDING, type=dict[str, Any])
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{_place(raw, error.start)}: not UTF-8") from error
    except msgspec.DecodeError as error:
        message = str(error)
        found = _POSITION.search(message)
        if found is None and "truncated" not in message:
            raise ValueError(message) from error
        place = _place(raw, int(found[1]) if found else len(bare.rstrip()))
        raise ValueError(f"{place}: {_POSITION.sub('', message)}") from error


def line_of(raw: bytes, key: str) -> int | None:
    """The line of a key such as "bus.tokens" in a file that `parse` accepts; the last one where it is repeated.

    An index and what follows it do not count: the line of "names[1]" is that of "names". None without such a key.
    """
    wanted = key.partition("[")[0].split(".")
    line = None
    open_keys: list[str] = []
    for found in _KEY_OR_BRACKET.finditer(without_comments(raw)):
        match found[0][:1]:
            case b"{" | b"[":
                open_keys.append("")
            case b"}" | b"]":
                open_keys.pop()
            case _ if found[1]:
                open_keys[-1] = msgspec.json.decode(found[1])
                if open_keys == wanted:
                    line = raw.count(b"\n", 0, found.start()) + 1
    return line


def without_comments(raw: bytes) -> bytes:
    """The same bytes, with spaces for comments and a byte order mark, so that positions stay; strings are kept."""
    if raw.startswith(codecs.BOM_UTF8):
        raw = b" " * len(codecs.BOM_UTF8) + raw.removeprefix(codecs.BOM_UTF8)
    return _COMMENT_OR_STRING.sub(lambda match: match[0] if match[0][0] == ord('"') else b" " * len(match[0]), raw)


def _place(raw: bytes, position: int) -> str:
    """Line and column of a byte, as editors count them."""
    before = raw[:position].removeprefix(codecs.BOM_UTF8).decode(errors="replace")
    line_start = before.rfind("\n") + 1
    return f"line {before.count(chr(10)) + 1}, column {len(before) - line_start + 1}"
