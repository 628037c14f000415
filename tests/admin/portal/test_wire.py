from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.errors import HttpError
from admin.portal.wire import (
    MAX_BODY,
    HttpResponse,
    body_length,
    parse_fields,
    parse_form,
    parse_head,
)

FORM = {"content-type": "application/x-www-form-urlencoded"}


def head(*lines: str) -> bytes:
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def test_a_request_names_method_host_path_and_query() -> None:
    request = parse_head(head("GET /network?ssid=00 HTTP/1.1", "HOST:  100.64.7.1\t", "Accept: a", "accept: b"))
    assert (request.method, request.host, request.path, request.query) == (
        "GET",
        "100.64.7.1",
        "/network",
        "ssid=00",
    )
    assert request.headers == {"host": "100.64.7.1", "accept": "a, b"}


@pytest.mark.parametrize(
    ("target", "host", "path"),
    [
        ("http://captive.apple.com", "captive.apple.com", "/"),
        ("http://captive.apple.com/a?b", "captive.apple.com", "/a"),
        ("http://user@100.64.7.1/", "user@100.64.7.1", "/"),
        ("//evil.example/", "ours", "//evil.example/"),
        ("/http://evil.example/", "ours", "/http://evil.example/"),
    ],
)
def test_the_host_of_an_absolute_target_goes_before_the_header(target: str, host: str, path: str) -> None:
    request = parse_head(head(f"GET {target} HTTP/1.1", "Host: ours"))
    assert (request.host, request.path) == (host, path)


def test_http_1_0_may_have_no_host() -> None:
    assert parse_head(head("GET / HTTP/1.0")).host == ""


@pytest.mark.parametrize(
    "lines",
    [
        [""],
        ["GET"],
        ["GET /"],
        ["GET / HTTP/2.0", "Host: a"],
        ["GET / HTTP/1.1"],
        ["GET / HTTP/1.1", "Host: a", "Host: a"],
        ["GET  / HTTP/1.1", "Host: a"],
        [" GET / HTTP/1.1", "Host: a"],
        ["get / HTTP/1.1", "Host: a"],
        ["GET * HTTP/1.1", "Host: a"],
        ["GET ? HTTP/1.1", "Host: a"],
        ["GET @evil.example HTTP/1.1", "Host: a"],
        ["GET https://evil.example/ HTTP/1.1", "Host: a"],
        ["GET /# HTTP/1.1", "Host: a"],
        ["GET /\xe4 HTTP/1.1", "Host: a"],
        ["GET / HTTP/1.1", "Host : a"],
        ["GET / HTTP/1.1", "Host: a", " folded"],
        ["GET / HTTP/1.1", "Host: a", "no colon"],
        ["GET / HTTP/1.1", "Host: a", "X: \x00"],
        ["GET / HTTP/1.1", "Host: a\nX: b"],
        ["GET / HTTP/1.1", "Host: a", "X: a\rY: b"],
        ["GET / HTTP/1.1", "Host: a", ": empty"],
        ["GET / HTTP/1.1", "Host: a", "Origin: http://a", "Origin: http://b"],
    ],
)
def test_a_malformed_head_is_refused(lines: list[str]) -> None:
    with pytest.raises(HttpError) as caught:
        parse_head(head(*lines))
    assert caught.value.status is HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "BREW"])
def test_another_method_is_refused(method: str) -> None:
    with pytest.raises(HttpError) as caught:
        parse_head(head(f"{method} / HTTP/1.1", "Host: a"))
    assert caught.value.status is HTTPStatus.NOT_IMPLEMENTED


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Content-Length: -1"], HTTPStatus.BAD_REQUEST),
        (["Content-Length: +1"], HTTPStatus.BAD_REQUEST),
        (["Content-Length: 1_0"], HTTPStatus.BAD_REQUEST),
        (["Content-Length: \xb2"], HTTPStatus.BAD_REQUEST),
        (["Content-Length:"], HTTPStatus.BAD_REQUEST),
        (["Content-Length: 1, 2"], HTTPStatus.BAD_REQUEST),
        ([f"Content-Length: {MAX_BODY + 1}"], HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (["Content-Length: 99999999999999999999"], HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (["Transfer-Encoding: chunked"], HTTPStatus.LENGTH_REQUIRED),
        (["Transfer-Encoding: chunked", "Content-Length: 1"], HTTPStatus.LENGTH_REQUIRED),
    ],
)
def test_a_body_without_a_plain_length_is_refused(lines: list[str], status: HTTPStatus) -> None:
    with pytest.raises(HttpError) as caught:
        body_length(parse_head(head("POST / HTTP/1.1", "Host: a", *lines)))
    assert caught.value.status is status


def test_a_form_is_percent_decoded_as_utf_8() -> None:
    assert parse_form(FORM, b"a=%C3%A4+%26&b=") == {"a": "ä &", "b": ""}
    assert parse_form({"content-type": "Application/X-WWW-Form-Urlencoded; charset=utf-8"}, b"") == {}


@pytest.mark.parametrize("body", [b"a=%ff", b"a=\xff", b"a=1&a=2", b"&".join(b"%d=" % n for n in range(9))])
def test_a_malformed_form_is_refused(body: bytes) -> None:
    with pytest.raises(HttpError):
        parse_form(FORM, body)


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data; boundary=x", "application/json"])
def test_another_kind_of_form_is_refused(kind: str) -> None:
    with pytest.raises(HttpError) as caught:
        parse_form({"content-type": kind}, b"a=1")
    assert caught.value.status is HTTPStatus.UNSUPPORTED_MEDIA_TYPE


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_refused(noise: bytes) -> None:
    for data in (noise, b"GET / HTTP/1.1\r\n" + noise, b"POST /" + noise + b" HTTP/1.1\r\nHost: a\r\n\r\n"):
        try:
            body_length(parse_head(data))
        except HttpError:
            continue
    try:
        parse_fields(noise.decode("latin-1"))
    except HttpError:
        return


def test_a_response_says_its_length_and_is_not_kept() -> None:
    encoded = HttpResponse(HTTPStatus.OK, "ä").encode("GET")
    head_, _, body = encoded.partition(b"\r\n\r\n")
    lines = head_.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 200 OK"
    assert {"Content-Length: 2", "Cache-Control: no-store", "Connection: close"} <= set(lines)
    assert body == "ä".encode()
    assert HttpResponse(HTTPStatus.OK, "ä").encode("HEAD") == head_ + b"\r\n\r\n"


def test_the_form_of_a_request_is_in_no_representation() -> None:
    request = parse_head(head("POST / HTTP/1.1", "Host: a"))
    assert "form" not in repr(request)
