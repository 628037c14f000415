"""A large frame is checked in steps, with the verdict that a check at once would have."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bus.errors import FrameError
from bus.message import MAX_VALUES, MAX_WIDE, check
from bus.server import large
from bus.server.large import LONG_TEXT, MAX_KEPT, MAX_KEPT_VALUES, MAX_PART, STEP, check_in_steps
from bus.server.turns import TURN_S, Turns


def verdict(checked: Generator[None, None, dict[str, Any]]) -> dict[str, Any] | None:
    """The object; None where the frame is refused."""
    try:
        while True:
            next(checked)
    except StopIteration as end:
        found: dict[str, Any] = end.value
        return found
    except FrameError:
        return None


def data(inner: bytes) -> bytes:
    return b'{"type":"x","data":{"a":%b},"context":{"source":"me"}}' % inner


TEXTS = {
    "plain": b"x",
    "line ends": rb"\n",
    "quotes": rb"\"",
    "backslashes": rb"\\",
    "wide": "é".encode(),
    "emoji": "😀".encode(),
    "escaped": rb"\u00e9",
    "surrogate pairs": rb"\ud83d\ude00",
    "all": rb"x\n\"\\\u00e9\ud83d\ude00" + "é😀".encode(),
    "brackets": b"[{}]",
}


@pytest.mark.parametrize("offset", range(13))
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts_are_cut_between_characters(text: bytes, offset: int) -> None:
    long = b"y" * offset + text * (3 * STEP // len(text))
    assert verdict(check_in_steps(data(b'"%b"' % long))) is not None
    assert verdict(check_in_steps(bytearray(data(b'"%b"' % long)))) is not None


FAULTS = {
    "control character": b"\n",
    "half an escape": b"\\",
    "unknown escape": rb"\x",
    "not hexadecimal": rb"\u00g0",
    "high surrogate": rb"\ud83d",
    "low surrogate": rb"\ude00",
    "two high surrogates": rb"\ud83d\ud83d",
    "invalid UTF-8": b"\xff",
    "half a character": "é".encode()[:1],
    "half an emoji": "😀".encode()[:3],
    "continuation bytes": b"\x80" * 10,
    "surrogate in UTF-8": b"\xed\xa0\x80",
    "quote": b'"',
}


@pytest.mark.parametrize("at", [0, 1, STEP - 2, STEP - 1, STEP, STEP + 1, 2 * STEP, 3 * STEP])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_anywhere_in_a_long_text_is_found(fault: bytes, at: int) -> None:
    frame = data(b'"%b%b%b"' % (b"x" * at, fault, b"x" * (3 * STEP - at)))
    with pytest.raises(FrameError):
        check(frame)
    assert verdict(check_in_steps(frame)) is None


LONG = b'"%b"' % (b"x" * 3 * STEP)


@pytest.mark.parametrize(
    "frame",
    [
        data(LONG),
        data(LONG)[:-1],
        data(LONG)[:-30],
        data(LONG[:-1])[: 3 * STEP],
        data(LONG + LONG),
        data(b"[" + LONG + b"," + LONG + b"]"),
        data(b"[" * 250 + LONG + b"]" * 250),
        data(b"[" * 150 + LONG + b"]" * 150),
        data(b"1" * 5000 + b"," + LONG),
        b'{"type":' + LONG + b"}",
        b'{"type":"x",' + LONG + b":1}",
        b'{"type":"x","data":' + LONG + b"}",
        b'{"type":"x","context":{"session":{"lang":5}},"data":{"a":' + LONG + b"}}",
        b'{"type":"x","context":{"session":' + LONG + b"}}",
        b'{"ciphertext":' + LONG + b',"tag":"00","nonce":"00"}',
        b'{"type":"x","type":"y","data":{"a":' + LONG + b"}}",
        LONG,
        b"[" + LONG + b"]",
        b"\xef\xbb\xbf" + data(LONG),
        data(b'"' + "é".encode() * MAX_WIDE + b'"'),
        data(b'"' + rb"\u00e9" * MAX_WIDE + b'"'),
        data(b'"' + b"," * (MAX_VALUES + 1) + b'"'),
        data(b'"' + rb"\u0061" * 2000 + b'"'),
    ],
    ids=lambda frame: repr(frame[:25]),
)
def test_the_verdict_is_that_of_a_check_at_once(frame: bytes) -> None:
    with contextlib.nullcontext() if verdict(check_in_steps(frame)) else pytest.raises(FrameError):
        check(frame)


@pytest.mark.parametrize("key", ["bus_sender", "ciphertext", "context"])
def test_keys_that_are_escaped_whole_are_read(key: str) -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in key).encode()
    found = verdict(check_in_steps(b'{"type":"x","context":{"%b":1},"data":{"a":%b}}' % (escaped, LONG)))
    assert found is not None
    assert found["context"] == {key: 1}


@pytest.mark.parametrize(
    "frame",
    [
        b'{"type":"x","context":{"a":[%b1]}}' % (b"1 ," * MAX_KEPT_VALUES),
        b'{"type":"x",%b}' % b",".join(b'"%d":1' % number for number in range(MAX_KEPT_VALUES)),
        b'{"type":"x","context":{"a":[%b1]}}' % (b'"%b",' % (b"x" * 1000) * (MAX_KEPT // 1000)),
        b'{"type":"x"' + b" " * MAX_PART + b"}",
        data(b"0." + b"1" * 2 * MAX_PART),
    ],
    ids=lambda frame: repr(frame[:40]),
)
def test_context_keys_and_single_values_are_limited(frame: bytes) -> None:
    assert verdict(check_in_steps(frame)) is None


TRACK = {
    **{f"key {number}": f'{number}: a "title", [live] {{é}} 😀' for number in range(10)},
    **{f"number {number}": number * 1.5 for number in range(7)},
    "more": {"genres": ["pop", "rock"], "rating": None, "is_liked": True},
}
CONTEXT = {"source": "audio", "session": {"session_id": "default", "lang": "de-de"}}


@pytest.mark.parametrize("ascii_", [True, False])
@pytest.mark.parametrize(
    "content",
    [
        {"playlist": [TRACK] * 5000, "media": TRACK},
        {
            "name": "town",
            "samples": {f"town {number}, or the like": [f"{number}", "x"] for number in range(60_000)},
        },
        {f"word {number}": number for number in range(200_000)},
        {"__from": "skill", "data": [{"title": "é", "rows": [[1, 2], [3, 4]]}] * 40_000},
        {"lang": "de-de", "text": ["\n" * 100] * 40_000},
    ],
    ids=["playlist", "entities", "vocabulary", "GUI list", "lines"],
)
def test_large_data_of_many_values_passes(content: dict[str, Any], *, ascii_: bool) -> None:
    frame = json.dumps({"type": "x", "data": content, "context": CONTEXT}, ensure_ascii=ascii_).encode()
    found = verdict(check_in_steps(frame))
    assert found is not None
    assert found["context"] == CONTEXT


_SPOILERS = [
    b",",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b":",
    b" ",
    b"[]",
    b'"a":1,',
    b'"type":"x",',
    b'"context":{},',
    b"",
]


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Objects with the keys of a message, in which a few places may be spoilt."""
    texts = st.sampled_from(["a", "", "lang", "session", "a,b", "]", 'é"[{', "\\"])
    inner = st.recursive(
        st.sampled_from([1, 0.5, None, True]) | texts,
        lambda of: st.lists(of, max_size=3) | st.dictionaries(texts, of, max_size=3),
        max_leaves=12,
    )
    session = inner | st.just({"context": {"frame_stack": [[{"entities": []}, 1], [{}, 2]]}, "lang": "de"})
    fields = {
        "type": st.just("x"),
        "data": st.dictionaries(texts, inner, max_size=3) | inner,
        "context": st.fixed_dictionaries({"session": session, "source": texts}),
        "more": inner,
    }
    pairs = [(key, draw(fields[key])) for key in draw(st.permutations([*fields]))]
    separators = draw(st.sampled_from([(",", ":"), (" , ", ": ")]))
    frame = bytearray(json.dumps(dict(pairs), ensure_ascii=draw(st.booleans()), separators=separators).encode())
    for _ in range(draw(st.integers(0, 2))):
        marks = [at for at, byte in enumerate(frame) if byte in b",:[]{}"]
        at = draw(st.sampled_from([*marks, len(frame)]))
        frame[at : at + draw(st.integers(0, 1))] = draw(st.sampled_from(_SPOILERS))
    return bytes(frame)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames(), st.integers(1, 30))
def test_a_frame_may_be_cut_anywhere(monkeypatch: pytest.MonkeyPatch, frame: bytes, part: int) -> None:
    monkeypatch.setattr(large, "PART", part)
    found = verdict(check_in_steps(frame))
    with contextlib.nullcontext() if found else pytest.raises(FrameError):
        whole = check(frame)
        assert found is not None
        assert found.get("context") == whole.get("context")


@pytest.mark.parametrize("text", [b"x" * (LONG_TEXT - 2), rb"\n" * 500, b"x" * 100])
def test_short_texts_stay_as_they_are(text: bytes) -> None:
    found = verdict(check_in_steps(data(b'"%b"' % text)))
    assert found is not None
    assert found["data"]["a"].encode() == text.replace(rb"\n", b"\n")


async def test_steps_have_their_turns_in_order() -> None:
    turns, done = Turns(), list[str]()

    def step(name: str, times: int) -> Callable[[], None]:
        def act() -> None:
            nonlocal times
            done.append(name)
            times -= 1
            if times:
                turns.add(act)

        return act

    turns.add(step("a", 3))
    turns.add(step("b", 2))
    await asyncio.sleep(TURN_S)
    assert done == ["a", "b", "a", "b", "a"]


async def test_a_step_that_fails_stops_no_other() -> None:
    turns, done = Turns(), list[str]()
    asyncio.get_running_loop().set_exception_handler(lambda *_: done.append("failed"))
    turns.add(lambda: 1 / 0)  # type: ignore[arg-type]
    turns.add(lambda: done.append("went on"))
    await asyncio.sleep(TURN_S)
    assert done == ["failed", "went on"]
