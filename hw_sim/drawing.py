"""Pictures of what a device shows, as images. The only file that needs Pillow."""

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from hw_sim.face import EYES_FULL, Rgb, visible
from hw_sim.firmware.board import EYE, MOUTH_COLUMNS, MOUTH_ROWS

SCALE = 2
"""Pixels of an image for a unit of the measures below."""

SMOOTHING = 3
"""Images are drawn so many times larger, and then made smaller, so that circles are round."""

FACE_SIZE = 440, 260
EYES_AT, EYE_RADIUS, PIXEL_RADIUS = ((110, 80), (330, 80)), 55, 11
MOUTH_AT, CELL, CELL_GAP = (61, 164), 10, 2
RING_SIZE, RING_RADIUS = 220, 75

GROUND, UNLIT, MOUTH_LIT = (11, 12, 13), (22, 24, 26), (244, 247, 255)

FRAME_MS = 50
"""Duration of one frame of a film; a GIF counts in 10 ms, and viewers slow down what is shorter than 20."""

Picture = Image.Image


def face(eyes: Sequence[int], mouth: Sequence[int]) -> Picture:
    """A Mark 1, with eyes and mouth as in `Firmware`."""
    image, draw = _canvas(*FACE_SIZE)
    for index, pixel in enumerate(eyes):
        colour = (pixel >> 16, pixel >> 8 & 0xFF, pixel & 0xFF)
        _dot(draw, EYES_AT[index // EYE], index % EYE / EYE + 0.5 / EYE, EYE_RADIUS, _lit(colour, EYES_FULL))
    for y, row in enumerate(mouth):
        for x in range(MOUTH_COLUMNS):
            left, top = MOUTH_AT[0] + x * CELL, MOUTH_AT[1] + y * CELL
            box = (left, top, left + CELL - CELL_GAP, top + CELL - CELL_GAP)
            lit = row >> MOUTH_COLUMNS - 1 - x & 1
            draw.rounded_rectangle([_large(side) for side in box], _large(2), MOUTH_LIT if lit else UNLIT)
    assert len(mouth) == MOUTH_ROWS, "rows from the top"
    return _small(image)


def leds(colours: Sequence[Rgb], full: int) -> Picture:
    """The LEDs of a board in a ring, the first one at the top; `full` is the brightest part of a colour."""
    image, draw = _canvas(RING_SIZE, RING_SIZE)
    middle = RING_SIZE // 2, RING_SIZE // 2
    for index, colour in enumerate(colours):
        _dot(draw, middle, index / len(colours), RING_RADIUS if len(colours) > 1 else 0, _lit(colour, full))
    return _small(image)


def save_film(path: Path, pictures: Sequence[Picture]) -> None:
    """Writes an animated GIF that repeats, with a frame for each picture. Raises OSError, ValueError."""
    frames: list[Picture] = []
    durations: list[int] = []
    for picture in pictures:
        if frames and picture is frames[-1]:
            durations[-1] += FRAME_MS
        else:
            frames.append(picture)
            durations.append(FRAME_MS)
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)


def _canvas(width: int, height: int) -> tuple[Picture, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (int(_large(width)), int(_large(height))), GROUND)
    return image, ImageDraw.Draw(image)


def _small(image: Picture) -> Picture:
    return image.resize((image.width // SMOOTHING, image.height // SMOOTHING), Image.Resampling.BOX)


def _large(measure: float) -> float:
    return measure * SCALE * SMOOTHING


def _dot(draw: ImageDraw.ImageDraw, middle: tuple[int, int], turn: float, radius: float, colour: Rgb) -> None:
    """A dot at a part of a turn clockwise from the top."""
    x = middle[0] + radius * math.sin(2 * math.pi * turn)
    y = middle[1] - radius * math.cos(2 * math.pi * turn)
    box = (x - PIXEL_RADIUS, y - PIXEL_RADIUS, x + PIXEL_RADIUS, y + PIXEL_RADIUS)
    draw.ellipse([_large(side) for side in box], colour)


def _lit(colour: Rgb, full: int) -> Rgb:
    return visible(colour, full) if any(colour) else UNLIT
