"""Noise_XXpsk2_25519_ChaChaPoly_SHA256, as its initiator, and the messages after it. No I/O.

The names are those of the Noise specification, revision 34, section 5. XXpsk2 is the pattern that every HiveMind
node has to know (HIVEMIND-CRYPTO-1, 3.4.2). It proves the same keys as KKpsk0, with one message more.
The one file that knows libsodium. python3-cryptography would load OpenSSL, 5 MB for these three functions, and
python3-noiseprotocol is made of it.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator

from nacl import bindings, exceptions

from bridges.hive.errors import HubError, PasswordError, WrongHubError

PROTOCOL = "Noise_XXpsk2_25519_ChaChaPoly_SHA256"

KEY = 32
"""Bytes of a key, public or not."""

MAX_MESSAGE = 65535
"""Bytes of a message (section 3)."""

_TAG = 16


class Cipher:
    """A CipherState: messages of one direction, in their order."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._count = 0

    def encrypt(self, plaintext: bytes, ad: bytes = b"") -> bytes:
        """The next message."""
        return bytes(bindings.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, ad, self._nonce(), self._key))

    def decrypt(self, ciphertext: bytes, ad: bytes = b"") -> bytes:
        """The plaintext of the next message. Raises HubError for one that was changed, repeated or left out."""
        try:
            if len(ciphertext) < _TAG:
                raise exceptions.CryptoError
            return bytes(
                bindings.crypto_aead_chacha20poly1305_ietf_decrypt(ciphertext, ad, self._nonce(), self._key)
            )
        except exceptions.CryptoError:
            raise HubError("the hub has sent a message that does not verify") from None

    def _nonce(self) -> bytes:
        count, self._count = self._count, self._count + 1
        return bytes(4) + count.to_bytes(8, "little")


class _Symmetric:
    """A SymmetricState."""

    def __init__(self, prologue: bytes) -> None:
        self._chaining_key = self._hash = hashlib.sha256(PROTOCOL.encode()).digest()
        self._cipher: Cipher | None = None
        self.mix_hash(prologue)

    def mix_hash(self, data: bytes) -> None:
        self._hash = hashlib.sha256(self._hash + data).digest()

    def mix_key(self, material: bytes) -> None:
        self._chaining_key, key = _derive(self._chaining_key, material, 2)
        self._cipher = Cipher(key)

    def mix_key_and_hash(self, material: bytes) -> None:
        self._chaining_key, mixed, key = _derive(self._chaining_key, material, 3)
        self.mix_hash(mixed)
        self._cipher = Cipher(key)

    def encrypt_and_hash(self, plaintext: bytes) -> bytes:
        ciphertext = self._cipher.encrypt(plaintext, self._hash) if self._cipher else plaintext
        self.mix_hash(ciphertext)
        return ciphertext

    def decrypt_and_hash(self, ciphertext: bytes) -> bytes:
        plaintext = self._cipher.decrypt(ciphertext, self._hash) if self._cipher else ciphertext
        self.mix_hash(ciphertext)
        return plaintext

    def split(self) -> Iterator[Cipher]:
        return map(Cipher, _derive(self._chaining_key, b"", 2))


class Initiator:
    """One handshake; its three messages are `begin`, `read` and `end`, in this order.

    `static` is the device's private key, `psk` is derived from the password, and `prologue` is all that was said
    before, which the hub has to have said, too.
    """

    def __init__(self, static: bytes, psk: bytes, prologue: bytes, ephemeral: bytes | None = None) -> None:
        self.hub_key = b""
        """The hub's public key, once `read` has returned."""
        self._static = static
        self._psk = psk
        self._ephemeral = ephemeral or new_key()
        self._remote_ephemeral = b""
        self._state = _Symmetric(prologue)

    def begin(self, payload: bytes) -> bytes:
        """-> e"""
        public = public_key(self._ephemeral)
        self._state.mix_hash(public)
        self._state.mix_key(public)  # as in every pattern with a psk (section 9.2)
        return public + self._state.encrypt_and_hash(payload)

    def read(self, message: bytes, pinned: bytes | None) -> bytes:
        """<- e, ee, s, es, psk. Returns the payload.

        Raises WrongHubError where the hub's key is not the pinned one, PasswordError where its psk is another one,
        and HubError.
        """
        if not 2 * KEY + 2 * _TAG <= len(message) <= MAX_MESSAGE:
            raise HubError("the hub has answered the handshake with a malformed message")
        self._remote_ephemeral, static, payload = (
            message[:KEY],
            message[KEY : 2 * KEY + _TAG],
            message[2 * KEY + _TAG :],
        )
        self._state.mix_hash(self._remote_ephemeral)
        self._state.mix_key(self._remote_ephemeral)
        self._state.mix_key(_shared(self._ephemeral, self._remote_ephemeral))
        self.hub_key = self._state.decrypt_and_hash(static)
        if pinned is not None and self.hub_key != pinned:
            raise WrongHubError("the hub has another key than the one that this device is paired with")
        self._state.mix_key(_shared(self._ephemeral, self.hub_key))
        self._state.mix_key_and_hash(self._psk)
        try:
            return self._state.decrypt_and_hash(payload)
        except HubError:
            raise PasswordError("the hub does not have the password that this device was given") from None

    def end(self) -> tuple[bytes, Cipher, Cipher]:
        """-> s, se. Returns the message, and what encrypts and decrypts those that follow."""
        static = self._state.encrypt_and_hash(public_key(self._static))
        self._state.mix_key(_shared(self._static, self._remote_ephemeral))
        message = static + self._state.encrypt_and_hash(b"")
        sending, receiving = self._state.split()
        return message, sending, receiving


def new_key() -> bytes:
    """A new private key."""
    return os.urandom(KEY)


def public_key(private: bytes) -> bytes:
    """The public key of a private one."""
    return bytes(bindings.crypto_scalarmult_base(private))


def _shared(private: bytes, public: bytes) -> bytes:
    """DH(private, public). Raises HubError for a public key that makes all secrets the same."""
    try:
        return bytes(bindings.crypto_scalarmult(private, public))
    except exceptions.RuntimeError:
        raise HubError("the hub has sent an invalid key") from None


def _derive(chaining_key: bytes, material: bytes, count: int) -> Iterator[bytes]:
    """HKDF (section 4.3): so many keys."""
    secret = hmac.digest(chaining_key, material, "sha256")
    key = b""
    for number in range(1, count + 1):
        key = hmac.digest(secret, key + bytes([number]), "sha256")
        yield key
