"""Pins: decoded samples that are kept at their places in latent space."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import param
import torch
from jaxtyping import Float32

from explorer.core.datasets import ProfileDrawing
from explorer.core.errors import BadSelection
from explorer.core.scene.scene import Scene
from explorer.services import Services
from explorer.session.map.decoder import Decoder
from explorer.session.state import State
from explorer.session.tasks import Tasks
from models import Autoencoder

MOST = 100
"""The most that can be pinned: a longer strip cannot be looked through."""


@dataclass(frozen=True, slots=True, eq=False)
class Pin:
    """A place of latent space with what the decoder makes of it.

    Attributes
    ----------
    number
        Its name: counts up from 1 and is never used again.
    code
        In latent units.
    sample
        In data units: grey values in 0..1, or a standardised row.
    """

    number: int
    code: Float32[np.ndarray, " latent"]
    sample: Float32[np.ndarray, "..."]


class Pins(param.Parameterized):
    """Pins generated samples to their places in latent space, where they stay however it is looked at."""

    pins = param.ClassSelector(class_=tuple, default=(), doc="The pinned samples, oldest first.")
    tool = param.Boolean(False, doc="Whether a click pins what the decoder makes of the place.")

    def __init__(self, state: State, tasks: Tasks, services: Services, decoder: Decoder) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self._decoder = decoder
        self._next = 1
        state.param.watch(self._on_scene, "scene")
        self.param.watch(self._ring, "pins")

    @property
    def space(self) -> Hashable:
        """The latent space that the pins have their places in; None before there is a map."""
        scene = self._state.scene
        return None if scene is None else (scene.dataset, *_space(scene))

    def pin(self, xy: tuple[float, float]) -> None:
        """Decode a place of the map and keep it."""
        code = self._decoder.code_at(xy)
        if code is not None:
            self.pin_code(code)

    def pin_code(self, code: Float32[np.ndarray, " latent"]) -> None:
        """Decode a code and keep it."""
        scene = self._state.scene
        if scene is None:
            return
        if len(self.pins) >= MOST:
            self._state.say(f"{MOST} samples are pinned, which is all there can be; remove some.")
            return
        pin = Pin(self._next, code, np.empty(0, np.float32))
        self._next += 1
        self._decode(scene, (pin,), f"pin {pin.number}", self._add)

    def remove(self, number: int) -> None:
        """Take one away."""
        self.pins = tuple(pin for pin in self.pins if pin.number != number)

    def clear(self) -> None:
        """Take all of them away."""
        self.pins = ()

    def restore(self, pins: tuple[Pin, ...]) -> None:
        """Put former pins of the same latent space in place of these; the model on the map decodes them."""
        self.pins = pins
        scene = self._state.scene
        if pins and scene is not None:
            self._decode(scene, pins, "pins", self._renew)

    def codes(self) -> Float32[np.ndarray, "pins latent"]:
        """Return where they are in latent space, oldest first."""
        if not self.pins:
            raise BadSelection("nothing is pinned yet; click the map with Shift held, or choose Generate.")
        return np.stack([pin.code for pin in self.pins])

    def samples(self) -> Float32[np.ndarray, "pins ..."]:
        """Return them in data units: grey values in 0..1, or rows in the table's own units."""
        self.codes()
        drawn = np.stack([pin.sample for pin in self.pins])
        scene = self._state.scene
        drawing = None if scene is None else scene.dataset.drawing
        if isinstance(drawing, ProfileDrawing):
            return drawing.to_units(drawn).astype(np.float32)
        return drawn

    def table(self) -> pd.DataFrame:
        """Return the numbers and codes of the pinned samples, a row each."""
        codes = self.codes()
        columns = {f"z{axis + 1}": codes[:, axis] for axis in range(codes.shape[1])}
        return pd.DataFrame({"pin": [pin.number for pin in self.pins], **columns})

    def _add(self, pins: tuple[Pin, ...]) -> None:
        self.pins = (*self.pins, *pins)

    def _on_scene(self, event: param.parameterized.Event) -> None:
        """Another model decodes what is pinned anew; in another latent space the pins have no place."""
        scene, before = event.new, event.old
        if before is None or scene.model is before.model:
            return
        if scene.dataset is not before.dataset or _space(scene) != _space(before):
            self.pins = ()
        elif self.pins:
            self._decode(scene, self.pins, "pins", self._renew)

    def _ring(self, *_: object) -> None:
        self._tasks.ring()

    def _renew(self, pins: tuple[Pin, ...]) -> None:
        renewed = {pin.number: pin for pin in pins}
        self.pins = tuple(renewed.get(pin.number, pin) for pin in self.pins)

    def _decode(
        self, scene: Scene, pins: tuple[Pin, ...], name: str, done: Callable[[tuple[Pin, ...]], None]
    ) -> None:
        def take(decoded: tuple[Pin, ...]) -> None:
            now = self._state.scene
            if now is not None and now.dataset is scene.dataset and _space(now) == _space(scene):
                done(decoded)

        self._tasks.send(self._services.frames, name, partial(_decoded, scene.model, pins), take)


def _space(scene: Scene) -> tuple[int, bool]:
    return scene.cloud.latent, scene.cloud.sphere


@torch.inference_mode()
def _decoded(model: Autoencoder, pins: tuple[Pin, ...]) -> tuple[Pin, ...]:
    codes = torch.tensor(np.stack([pin.code for pin in pins]), device=model.device)
    samples = model.decode(codes).cpu().numpy().astype(np.float32)
    return tuple(replace(pin, sample=sample) for pin, sample in zip(pins, samples, strict=True))
