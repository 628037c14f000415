"""The handshake, against what noiseprotocol 0.3.1 made of the same keys, which is what hivemind-core uses."""

import pytest

from bridges.hive.errors import HubError, PasswordError, WrongHubError
from bridges.hive.noise import Cipher, Initiator, public_key

STATIC, EPHEMERAL, HUB, PSK = (bytes([number]) * 32 for number in (1, 2, 3, 5))
FIRST = bytes.fromhex(
    "ce8d3ad1ccb633ec7b70c17814a5c76ecd029685050d344745ba05870e587d593543b82b5abe61caa56451f92f635de7794743"
)
SECOND = bytes.fromhex(
    "ac01b2209e86354fb853237b5de0f4fab13c7fcbf433a61c019369617fecf10ba188bc84c7b93bde0bd7bb40c83c63adf2a2611edf33"
    "746fb014670b7df1436b02f598adff312de909edb4e307115762b7bf318249eb7dfea0567d45b4d1c5e2e3b080"
)
THIRD = bytes.fromhex(
    "509c39925f93ed62c44cb86a0d7d777ab39aaafb460a377a60f7dd62aa15429881c18a173143b70fe962b24153a1f56f0e232fe8736b"
    "d7ea6d6854d8e367b889"
)
SENT = ("93fedb0c55c4604519a67b49060d47e45f7ab5cf", "eef89a0d89c40d4f2d4ad2d0375cf8456beeabb4")
RECEIVED = ("504a15f6968ad4e109affa7e0d6e30e318870fc2", "6b14767450138cb6fc052fd2d6c4467a985ed8f2")


def begun(psk: bytes = PSK, prologue: bytes = b"prologue") -> Initiator:
    handshake = Initiator(STATIC, psk, prologue, EPHEMERAL)
    handshake.begin(b"one")
    return handshake


def ended() -> tuple[Cipher, Cipher]:
    handshake = begun()
    handshake.read(SECOND, None)
    _, sending, receiving = handshake.end()
    return sending, receiving


def test_the_handshake_is_that_of_the_hubs_library() -> None:
    handshake = Initiator(STATIC, PSK, b"prologue", EPHEMERAL)
    assert handshake.begin(b"one") == FIRST
    assert handshake.read(SECOND, public_key(HUB)) == b"two"
    assert handshake.hub_key == public_key(HUB)
    assert handshake.end()[0] == THIRD


def test_messages_go_both_ways_in_their_order() -> None:
    sending, receiving = ended()
    assert [sending.encrypt(text).hex() for text in (b"four", b"five")] == [*SENT]
    assert [receiving.decrypt(bytes.fromhex(text)) for text in RECEIVED] == [b"four", b"five"]


def test_another_hub_is_refused_before_it_learns_who_this_is() -> None:
    with pytest.raises(WrongHubError):
        begun().read(SECOND, public_key(STATIC))


def test_another_password_and_another_hub_are_different_errors() -> None:
    with pytest.raises(PasswordError):
        begun(psk=bytes(32)).read(SECOND, public_key(HUB))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        SECOND[:95],
        SECOND[:-1],
        SECOND + b"x",
        bytes(32) + SECOND[32:],  # a key with which every secret is zero
        SECOND[:40] + b"x" + SECOND[41:],
        b"x" * 70_000,
    ],
)
def test_a_changed_answer_is_refused(answer: bytes) -> None:
    with pytest.raises(HubError):
        begun().read(answer, None)


def test_an_answer_to_something_else_than_was_said_is_refused() -> None:
    with pytest.raises(HubError):
        begun(prologue=b"another offer").read(SECOND, None)


@pytest.mark.parametrize("message", [RECEIVED[1], f"{RECEIVED[0][:-1]}3", RECEIVED[0][2:], ""])
def test_a_message_that_was_changed_or_left_out_is_refused(message: str) -> None:
    _, receiving = ended()
    with pytest.raises(HubError, match="does not verify"):
        receiving.decrypt(bytes.fromhex(message))


def test_a_message_that_is_repeated_is_refused() -> None:
    _, receiving = ended()
    receiving.decrypt(bytes.fromhex(RECEIVED[0]))
    with pytest.raises(HubError, match="does not verify"):
        receiving.decrypt(bytes.fromhex(RECEIVED[0]))
