"""Plays the scenes of eyes or mouth over the link."""

import asyncio
from collections.abc import Callable

from enclosure.faceplate.link import Link
from enclosure.faceplate.scene import Scene, Scenes


class Player:
    """Sends the lines of one scene, and waits for its time before the next.

    `wait_s` is how long patient scenes have to wait; `on_scene` is called at each scene, and may play others.
    """

    def __init__(self, link: Link, wait_s: Callable[[], float], on_scene: Callable[[], None]) -> None:
        self._link = link
        self._wait_s = wait_s
        self._on_scene = on_scene
        self._scenes: Scenes = iter(())
        self._scene: Scene | None = None
        self._timer: asyncio.TimerHandle | None = None

    def play(self, scenes: Scenes) -> None:
        """Plays these from now on, in place of others."""
        self._scenes = scenes
        self.hurry()

    def hurry(self) -> None:
        """Goes on to the next scene now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._scene = scene = next(self._scenes, None)
        self._on_scene()
        if scene is not None and scene is self._scene:
            self._send(scene)

    def _send(self, scene: Scene) -> None:
        if scene.patient and (wait_s := self._wait_s()):
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._send, scene)
            return
        for line in scene.lines[:-1]:
            self._link.send(line)
        if scene.lines:
            self._link.send(scene.lines[-1], lambda: self._seen(scene))
        else:
            self._seen(scene)

    def _seen(self, scene: Scene) -> None:
        if self._scene is scene:  # no other has been sent since
            self._timer = asyncio.get_running_loop().call_later(scene.lasts_s, self.hurry)
