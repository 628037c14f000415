import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.errors import FrameError
from bus.message import MAX_DEPTH, MAX_WIDE, Message, check, render

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def nested(depth: int) -> str:
    return '{"type":"x","data":{"a":' + "[" * (depth - 2) + "]" * (depth - 2) + "}}"


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ('{"type":"x"}', Message("x")),
        ('{"type":"x","data":null,"context":null}', Message("x")),
        (
            '{"type":"x","data":{"a":[1,"ü"]},"context":{"source":"me"}}',
            Message("x", {"a": [1, "ü"]}, {"source": "me"}),
        ),
        ('{"type":"x","more":1}', Message("x")),
        (nested(MAX_DEPTH), Message("x", json.loads(nested(MAX_DEPTH))["data"])),
    ],
)
def test_messages_are_read(frame: str, message: Message) -> None:
    assert Message.deserialize(frame) == message


@pytest.mark.parametrize(
    "frame",
    [
        *("not json", "", "[1]", "1", "{}", '{"type":null}', '{"type":""}', '{"type":1}', '{"data":{}}'),
        *('{"type":"x","data":[1]}', '{"type":"x","data":"x"}', '{"type":"x","context":1}'),
        *('{"type":"x","context":{"session":5}}', '{"type":"x","context":{"session":null}}'),
        *(
            '{"type":"x","context":{"session":{"lang":5}}}',
            '{"type":"x","context":{"session":{"session_id":[1]}}}',
        ),
        '{"type":"x","data":{"lang":5},"context":{"session":{}}}',
        '{"type":"x","context":{"session":{"context":null}}}',
        *(
            f'{{"type":"x","context":{{"session":{{"context":{{"frame_stack":{stack}}}}}}}}}'
            for stack in ("null", "5", "[5]", "[[]]", '[[{"other":1},0]]')
        ),
        *('{"type":"x","data":{"a":NaN}}', '{"type":"x"} {"type":"y"}', '\ufeff{"type":"x"}'),
        *(b'{"type":"x","data":{"a":"\xff"}}', '{"type":"x","data":{"a":' + "1" * 5000 + "}}"),
        *(nested(MAX_DEPTH + 1), nested(100_000)),
        f'{{"type":"x","data":{{"a":{"[" * MAX_DEPTH}{"]" * MAX_DEPTH},"a":1}}}}',  # a key hides the one before
    ],
)
def test_what_would_upset_a_client_is_refused(frame: str | bytes) -> None:
    with pytest.raises(FrameError):
        check(frame)


def test_brackets_in_texts_are_no_nesting() -> None:
    message = Message("x", {"a": '["' + "[" * 500})
    assert Message.deserialize(message.serialize()) == message


@pytest.mark.parametrize("more", ["", ',"type":null', ',"data":{},"context":{"session":{}}'])
def test_an_encrypted_frame_has_no_type(more: str) -> None:
    frame = f'{{"ciphertext":"00","tag":"00","nonce":"00"{more}}}'
    assert "type" not in check(frame)
    with pytest.raises(FrameError, match="encrypted"):
        Message.deserialize(frame)


@pytest.mark.parametrize("more", ['"context":5', '"data":5', '"data":[]', '"context":{"session":5}', '"data":"x"'])
def test_an_encrypted_frame_gets_the_same_checks(more: str) -> None:
    with pytest.raises(FrameError):
        check(f'{{"ciphertext":"00","tag":"00","nonce":"00",{more}}}')


@pytest.mark.parametrize("padding", [0, 2000])
@pytest.mark.parametrize(
    "keys",
    [
        '"type":"x","type":"y"',
        '"type":"x","\\u0074ype":"y"',
        '"type":"x","t\\u0079pe":"x"',
        '"data":{},"type":"x","data":{}',
        '"type":"x","context":null,"data":{"type":1},"context":{}',
    ],
)
def test_a_key_that_occurs_twice_is_refused(keys: str, padding: int) -> None:
    with pytest.raises(FrameError, match="occurs twice"):
        check(f'{{{keys},"more":"{"x" * padding}"}}')


@pytest.mark.parametrize("padding", [0, 2000])
def test_a_key_may_occur_again_further_in(padding: int) -> None:
    frame = f'{{"type":"x","data":{{"type":1,"data":{{"type":2}}}},"context":{{"type":"{"x" * padding}"}}}}'
    assert Message.deserialize(frame).data == {"type": 1, "data": {"type": 2}}


@pytest.mark.parametrize(("more", "allowed"), [(b"x", True), ("ü".encode(), False), (rb"\ud83d\ude00", False)])
def test_a_large_frame_is_ascii(more: bytes, allowed: bool) -> None:
    frame = b'{"type":"x","data":{"a":"%s"}}'
    check(frame % (more * 1000))
    if allowed:
        check(frame % (more * MAX_WIDE))
    else:
        with pytest.raises(FrameError, match="not ASCII"):
            check(frame % (more + b"x" * MAX_WIDE))


def test_data_that_is_a_text_is_refused_unless_it_is_allowed() -> None:
    frame = '{"type":"x","data":"5 minutes"}'
    with pytest.raises(FrameError, match=r"bus\.relay_text_data"):
        check(frame)
    assert check(frame, text_data=True)["data"] == "5 minutes"
    with pytest.raises(FrameError, match="not an object"):
        check('{"type":"x","context":"5"}', text_data=True)


def test_all_three_keys_are_written() -> None:
    assert Message("x", None, None) == Message("x")  # type: ignore[arg-type]  # as programs of the field do
    assert json.loads(Message("x").serialize()) == {"type": "x", "data": {}, "context": {}}


@pytest.mark.parametrize("value", [float("nan"), [float("-inf")], {"b": (None, float("inf"))}])
@pytest.mark.parametrize("place", ["data", "context"])
def test_nan_does_not_silently_become_null(place: str, value: object) -> None:
    with pytest.raises(FrameError, match="NaN and Infinity are no JSON"):
        Message("x", **{place: {"a": value}}).serialize()


def test_null_and_numbers_may_be_written() -> None:
    assert Message("x", {"a": [None, 1.5, "null"]}).serialize() == (
        '{"type":"x","data":{"a":[null,1.5,"null"]},"context":{}}'
    )


def test_what_is_shown_to_a_person_gives_the_terminal_no_orders() -> None:
    text = "ü \x1b[2J\n\x7f\x9b\u202e\u2028"
    escaped = r"ü \u001b[2J\u000a\u007f\u009b\u202e\u2028"
    assert render(Message(text)) == f"{escaped} {{}}"
    shown = render(Message("x", {text: text})).removeprefix("x ")
    assert shown.isprintable()
    assert json.loads(shown) == {text: text}


@given(st.text(min_size=1), st.dictionaries(st.text(), JSON), st.dictionaries(st.text(), JSON))
def test_python_clients_can_read_all_that_is_accepted(msg_type: str, data: Any, context: Any) -> None:
    frame = json.dumps({"type": msg_type, "data": data, "context": context})
    try:
        message = Message.deserialize(frame)
    except FrameError:
        return
    assert json.loads(message.serialize()) == json.loads(frame)


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_do_anything_but_pass_or_be_refused(frame: bytes) -> None:
    try:
        check(frame)
    except FrameError:
        return
    assert isinstance(json.loads(frame), dict)


# The rows of the clients' own behaviour; where they differ, OVOS-MSG-1 (ovos-bus-client 2.x) holds.
REPLIES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # context, data, context argument -> context of the reply
    ({}, {}, {}, {}),
    ({"source": "A"}, {}, {}, {"source": "A", "destination": "A"}),
    ({"destination": "B"}, {}, {}, {"source": "B", "destination": "B"}),
    ({"source": "A", "destination": "B"}, {}, {}, {"source": "B", "destination": "A"}),
    ({"source": "A", "destination": ["B", "C"]}, {}, {}, {"source": "B", "destination": "A"}),
    ({"source": "A", "destination": []}, {}, {}, {"source": "A", "destination": "A"}),
    ({"source": ["A"], "destination": "B"}, {}, {}, {"source": "B", "destination": ["A"]}),
    ({"source": "A", "destination": None}, {}, {}, {"source": "A", "destination": "A"}),
    ({"source": "A", "destination": ""}, {}, {}, {"source": "A", "destination": "A"}),
    ({"source": "A", "destination": "B"}, {"destination": "D"}, {}, {"source": "B", "destination": "A"}),
    ({}, {"destination": "D"}, {}, {}),
    ({"source": "A", "destination": "B"}, {}, {"destination": "X"}, {"source": "X", "destination": "A"}),
    ({"source": "A", "destination": "B"}, {}, {"source": "X"}, {"source": "B", "destination": "X"}),
    (
        {"source": "A", "destination": "B", "target": "T", "session": {"k": 1}},
        {},
        {},
        {"source": "B", "destination": "A", "target": "T", "session": {"k": 1}},
    ),
]


@pytest.mark.parametrize(("context", "data", "argument", "expected"), REPLIES)
def test_reply_swaps_source_and_destination(
    context: dict[str, Any], data: dict[str, Any], argument: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert Message("x", {}, context).reply("y", data, argument) == Message("y", data, expected)


def test_forward_keeps_response_names_and_publish_drops_the_target() -> None:
    message = Message("x", {}, {"source": "A", "destination": "B", "target": "T"})
    assert message.forward("y", {"k": 1}) == Message("y", {"k": 1}, message.context)
    assert message.response({"k": 1}).msg_type == "x.response"
    assert message.response().context["source"] == "B"
    assert message.publish("y", context={"k": 2}) == Message("y", {}, {"source": "A", "destination": "B", "k": 2})


def test_what_is_made_of_a_message_shares_nothing_with_it() -> None:
    message = Message("x", {}, {"session": {"k": 1}})
    for made in (message.forward("y"), message.reply("y"), message.publish("y")):
        made.context["session"]["k"] = 2
    assert message.context == {"session": {"k": 1}}
