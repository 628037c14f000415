"""pyserial, on the event loop instead of in a thread."""

import asyncio
import os
import termios

import serial


class AsyncSerial:
    """An open serial port, which no other program that locks it has open. Opening raises OSError."""

    def __init__(self, path: str, rate: int) -> None:
        try:
            self._serial = serial.Serial(path, rate, timeout=0, exclusive=True)
        except termios.error as error:  # which is no OSError: the port has vanished while it was set up
            raise OSError(*error.args) from error
        self._readable = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._serial.fileno(), self._readable.set)

    async def read(self) -> bytes:
        """Some bytes, at least one. Raises OSError when the port is gone."""
        while True:
            await self._readable.wait()
            self._readable.clear()
            if data := self._serial.read(4096):
                return bytes(data)

    def write(self, data: bytes) -> None:
        """Queues bytes, a line at a time. Raises OSError when the port is gone or full."""
        # Not pyserial's write: on a full port it spins until there is room.
        if os.write(self._serial.fileno(), data) != len(data):
            raise OSError("the serial port is full")

    def close(self) -> None:
        """Closes the port; may be called twice."""
        if self._serial.is_open:
            asyncio.get_running_loop().remove_reader(self._serial.fileno())
            self._serial.close()
