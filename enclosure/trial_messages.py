"""The messages of `mycroft-enclosure show` and `eyes`, by which a user tries the display out."""

import base64
import re
from pathlib import Path

from bus.contract import ours as topics
from bus.errors import PayloadError
from bus.message import Message
from enclosure.images import decode_image

PICTURES = (".png", ".jpg", ".jpeg")

COLOURS = {"red": "#f00", "green": "#0f0", "blue": "#00f", "white": "#fff"}


def shown(what: str) -> Message:
    """The message that shows a text, or the picture in a file. Raises PayloadError or OSError."""
    path = Path(what)
    if path.suffix.lower() not in PICTURES:
        return Message(topics.MOUTH_TEXT.name, {"text": what})
    image = path.read_bytes()
    defaults = topics.MOUTH_DISPLAY_IMAGE.read({})
    try:  # here, so that the user reads what is wrong with it
        decode_image(image, threshold=defaults["threshold"], invert=defaults["invert"])
    except ValueError as error:
        raise PayloadError(f"{path}: {error}") from error
    # Not the path: the daemon need not be allowed to read it.
    return Message(topics.MOUTH_DISPLAY_IMAGE.name, {"img_b64": base64.b64encode(image).decode()})


def eyes_message(colour: str) -> Message:
    """The message that gives the eyes a colour, or switches them. Raises ValueError that says what is accepted."""
    if colour == "on":
        return Message(topics.EYES_ON.name)
    if colour == "off":
        return Message(topics.EYES_OFF.name)
    code = COLOURS.get(colour, colour)
    if not re.fullmatch("#([0-9a-fA-F]{3}){1,2}", code):
        raise ValueError(f"{colour} is none of '#rgb', '#rrggbb', {', '.join(COLOURS)}, on, off")
    digits = code[1:] if len(code) == 7 else "".join(2 * digit for digit in code[1:])
    r, g, b = bytes.fromhex(digits)
    return Message(topics.EYES_COLOR.name, {"r": r, "g": g, "b": b})
