"""Pairs this device with a hub: `mycroft-hive pair`.

The one file that knows argon2: the daemon has no password.
"""

import asyncio
import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw

from bridges.hive import pairing
from bridges.hive.config import Hub
from bridges.hive.errors import HubError
from bridges.hive.frames import hive_json
from bridges.hive.hub import Identity, connect, tls_context
from bridges.hive.mapping import Rights, allowed_types
from bridges.hive.noise import KEY, new_key, public_key
from bridges.hive.pairing import Pairing
from bus.errors import ConfigError

ANSWER_TIMEOUT_S = 10.0

_PROBE = "mycroft.hive.pairing"
"""No hub allows this type. That it says so shows that it has accepted the device."""


async def pair(hub: Hub, access_key: str, password: str, folder: Path, rights: Rights) -> list[str]:
    """Makes the pairing and saves it; returns the lines to print. Raises ConfigError and HubError."""
    before = pairing.read(folder)
    static = bytes.fromhex(before.static) if before else new_key()
    session_id = before.session_id if before else uuid.uuid4().hex
    tls = tls_context(hub)
    async with connect(hub, access_key, tls) as connection:
        greeting = connection.greeting
        psk = await asyncio.to_thread(derive_psk, password, greeting.node_id)
        hub_key = await connection.shake_hands(static, psk, None, Identity(session_id, rights.site))
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await connection.send(hive_json("bus", {"type": _PROBE, "data": {}, "context": {}}))
                await connection.receive()
        except TimeoutError:
            raise HubError("the hub does not answer after the handshake") from None
        except HubError as error:
            # It says "invalid message" where it has not come to its reason yet, as a message more has arrived.
            mend = f"on the hub: hivemind-core reset-noise-pin {greeting.client_id}"
            raise HubError(f"{error}; if it knows this device by a key from before, {mend}") from error
    pairing.save(folder, Pairing(hub.url, access_key, static.hex(), hub_key.hex(), psk.hex(), session_id))
    return [*_report(hub, hub_key, greeting.client_id, rights, public_key(static))]


def derive_psk(password: str, node_id: str) -> bytes:
    """The key that Noise takes for a password (HIVEMIND-CRYPTO-1, 3.4.4). Takes a second or more, and 64 MiB."""
    psk: bytes = hash_secret_raw(
        password.encode(),
        hashlib.sha256(node_id.encode()).digest(),
        time_cost=3,
        memory_cost=64 * 1024,
        parallelism=1,
        hash_len=KEY,
        type=Type.ID,
    )
    return psk


def become_owner(folder: Path) -> None:
    """Has root go on as the user whose folder this is, for good. Raises ConfigError."""
    try:
        owner = folder.stat()
    except OSError as error:
        raise ConfigError(
            f"{folder}: {error.strerror}; it is made by: sudo systemctl start mycroft-hive"
        ) from error
    if os.geteuid() == 0 != owner.st_uid:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


def _report(hub: Hub, hub_key: bytes, client_id: str, rights: Rights, own_key: bytes) -> Iterator[str]:
    yield f"paired with {hub}"
    yield f"the key of the hub is   {hub_key.hex()}"
    yield f"the key of this device  {own_key.hex()}"
    yield ""
    yield "The hub accepts nothing from this device until it is allowed; on the hub:"
    yield ""
    yield f"  hivemind-core allow-msg {' '.join(allowed_types(rights))} {client_id}"
    yield ""
    yield "Then, on this device: sudo systemctl restart mycroft-hive"
