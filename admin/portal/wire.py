"""HTTP/1.1 with one request per connection: bytes into requests, and responses into bytes (RFC 9112). Pure.

Strict: a request that two programs could read differently is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl

from admin.errors import HttpError

MAX_HEAD = 8_000
"""Bytes of request line and headers; browsers send some 1000, as a rule."""

MAX_BODY = 2_000
"""Bytes of a form: the longest password and name need half of it, percent-encoded."""

MAX_FIELDS = 8

HEAD_END = b"\r\n\r\n"

_REQUEST_LINE = re.compile(r"([A-Z]{1,16}) ([!-~]+) HTTP/1\.([01])")
_TARGET = re.compile(r"(?:http://([^/?#]+))?(/[^?#]*)?(?:\?([^#]*))?")
"""Host, path and query; a browser sends the host to a proxy only."""
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)")
_SINGLE = ("host", "content-length", "content-type", "origin", "referer", "transfer-encoding")
"""Headers of which a second one makes a request ambiguous."""

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; what it asks for is a path at a host."""

    method: str
    host: str
    """As in the request: name or address, with the port if there is one. Empty in some of HTTP/1.0."""
    path: str
    query: str
    headers: Mapping[str, str]
    """By name in lower case. Accept-Language and others that may be repeated are joined by commas."""
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Fields of a form, which may be secret."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One response; it is never cached, and the connection is closed after it."""

    status: HTTPStatus
    body: str
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self, method: str) -> bytes:
        """The bytes for a request of this method."""
        body = self.body.encode()
        headers = {
            "Content-Type": f"{self.content_type}; charset=utf-8",
            "Content-Length": len(body),
            "Cache-Control": "no-store",
            "Connection": "close",
            "X-Content-Type-Options": "nosniff",
            **self.headers,
        }
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}", *(f"{k}: {v}" for k, v in headers.items())]
        head = "\r\n".join(lines).encode("ascii") + HEAD_END
        return head if method == "HEAD" else head + body


def parse_head(head: bytes) -> HttpRequest:
    """A request without its form, from everything up to HEAD_END. Raises HttpError."""
    first, *lines = head.removesuffix(HEAD_END).decode("latin-1").split("\r\n")
    request_line = _REQUEST_LINE.fullmatch(first)
    target = request_line and _TARGET.fullmatch(request_line[2])
    if not (request_line and target and (target[1] or target[2])):
        raise HttpError(HTTPStatus.BAD_REQUEST)
    method = request_line[1]
    if method not in ("GET", "HEAD", "POST"):
        raise HttpError(HTTPStatus.NOT_IMPLEMENTED)
    headers = _parse_headers(lines)
    if "host" not in headers and request_line[3] == "1":
        raise HttpError(HTTPStatus.BAD_REQUEST)
    host = target[1] or headers.get("host", "")
    return HttpRequest(method, host.lower(), target[2] or "/", target[3] or "", headers)


def body_length(request: HttpRequest) -> int:
    """The number of bytes that follow the head. Raises HttpError."""
    if "transfer-encoding" in request.headers:
        raise HttpError(HTTPStatus.LENGTH_REQUIRED)
    text = request.headers.get("content-length", "0")
    if not (text.isascii() and text.isdecimal()):
        raise HttpError(HTTPStatus.BAD_REQUEST)
    if len(text) > len(str(MAX_BODY)) or int(text) > MAX_BODY:
        raise HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return int(text)


def parse_form(headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
    """The fields of a form. Raises HttpError."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise HttpError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return parse_fields(body.decode("latin-1"))


def parse_fields(text: str) -> Mapping[str, str]:
    """The fields of a form or a query, percent-encoded. Raises HttpError."""
    try:
        fields = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise HttpError(HTTPStatus.BAD_REQUEST) from None
    if len(dict(fields)) < len(fields) or not text.isascii():
        raise HttpError(HTTPStatus.BAD_REQUEST)
    return dict(fields)


def _parse_headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if not header:
            raise HttpError(HTTPStatus.BAD_REQUEST)
        name, value = header[1].lower(), header[2].strip()
        if name in headers:
            if name in _SINGLE:
                raise HttpError(HTTPStatus.BAD_REQUEST)
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers
