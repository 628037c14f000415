"""The portal's end of the socket between it and the admin service."""

import asyncio
from pathlib import Path

from admin.errors import NoSetupError
from admin.portal.peer import is_trusted
from admin.portal.protocol import MAX_ANSWER, WAIT_S, Request, Snapshot, decode_answer, encode
from bus.daemon.authority import ADMIN_USER

TIMEOUT_S = WAIT_S + 5.0


async def ask(path: Path, request: Request) -> Snapshot:
    """The answer to a request. Raises NoSetupError or PortalProtocolError."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(path, limit=MAX_ANSWER)
            try:
                if not is_trusted(writer.get_extra_info("socket"), ADMIN_USER):
                    raise NoSetupError(f"another user than {ADMIN_USER} listens at {path}")
                writer.write(encode(request))
                line = await reader.readline()
            finally:
                writer.close()
    except TimeoutError:
        raise NoSetupError(f"no answer at {path} within {TIMEOUT_S:g} s") from None
    except OSError as error:
        raise NoSetupError(f"no setup at {path}: {error}") from error
    if not line:
        raise NoSetupError(f"{path} has refused a request")
    return decode_answer(line)
