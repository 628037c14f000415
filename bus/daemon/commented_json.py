"""JSON with `//` and `#` comments, as the ecosystem writes its mycroft.conf. Pure."""

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

_STRING = rb'"(?:[^"\\\n]|\\.)*"'
_COMMENT_OR_STRING = re.compile(rb"%b|(?://|#)[^\n]*" % _STRING)
_TOKEN = re.compile(rb"%b|[{}\[\]:,]|[^\s{}\[\]:,\"]+" % _STRING)
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


def line_of(raw: bytes, names: Sequence[str]) -> int | None:
    """The line of a key in a file that `parse` accepts; the last one where it is repeated.

    `names` lead to it, as ("bus", "tokens"). None without such a key.
    """
    found = _path(without_comments(raw), names)
    return raw.count(b"\n", 0, found[-1].start) + 1 if len(found) == len(names) else None


def with_value(raw: bytes, key: str, value: object) -> bytes:
    """A file that `parse` accepts, with another value of a key such as "bus.tokens"; all else stays as it is.

    Objects on the way to the key are made where there are none. Raises ValueError where another value is in their
    place.
    """
    bare = without_comments(raw)
    names = key.split(".")
    found = _path(bare, names)
    missing = names[len(found) :]
    for name in reversed(missing[1:]):
        value = {name: value}
    text = json.dumps(value, ensure_ascii=False).encode()
    if not missing:
        return b"".join((raw[: found[-1].value], text, raw[found[-1].end :]))
    member = json.dumps(missing[0], ensure_ascii=False).encode() + b": " + text
    if not bare.strip():
        return b"".join((raw, b"\n" if raw else b"", b"{\n  ", member, b"\n}\n"))
    into = found[-1].value if found else bare.index(b"{")
    if bare.startswith(b"null", into):
        return b"".join((raw[:into], b"{", member, b"}", raw[into + len(b"null") :]))
    if not bare.startswith(b"{", into):
        raise ValueError(f"{'.'.join(names[: len(found)])} is no object")
    return _with_member(raw, bare, into, member)


class _Member(NamedTuple):
    """Where a member of an object is in a file: its key, its value and the end of that."""

    name: str
    start: int
    value: int
    end: int


def _path(bare: bytes, names: Sequence[str]) -> list[_Member]:
    """The members that lead to a value, as far as there are any; of one that is repeated, the last."""
    found: list[_Member] = []
    token = _TOKEN.search(bare)
    position = token.start() if token else len(bare)
    for name in names:
        named = [member for member in _members(bare, position) if member.name == name]
        if not named:
            break
        found.append(named[-1])
        position = named[-1].value
    return found


def _members(bare: bytes, position: int) -> Iterator[_Member]:
    """The members of the object that begins at a position; none of any other value."""
    if not bare.startswith(b"{", position):
        return
    tokens = _TOKEN.finditer(bare, position + 1)
    for key in tokens:
        if key[0] == b"}":
            return
        if key[0] == b",":
            continue
        next(tokens)  # the colon
        first = last = next(tokens)
        depth = int(first[0] in b"{[")
        while depth:
            last = next(tokens)
            depth += (last[0] in b"{[") - (last[0] in b"}]")
        yield _Member(msgspec.json.decode(key[0]), key.start(), first.start(), last.end())


def _with_member(raw: bytes, bare: bytes, position: int, member: bytes) -> bytes:
    """A file with one more member at the end of the object at a position, on a line like the others."""
    members = list(_members(bare, position))
    if not members:
        return raw[: position + 1] + member + raw[position + 1 :]
    last = members[-1]
    line = raw.rfind(b"\n", 0, last.start) + 1
    line_end = raw.find(b"\n", last.end)
    if raw[line : last.start].strip() or line_end < 0 or bare[last.end : line_end].strip():
        return b"".join((raw[: last.end], b", ", member, raw[last.end :]))
    # Behind a comment on the line of the last member, which belongs to that.
    indent = raw[line : last.start]
    return b"".join((raw[: last.end], b",", raw[last.end : line_end], b"\n", indent, member, raw[line_end:]))


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
