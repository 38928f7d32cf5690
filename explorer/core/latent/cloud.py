"""The Cloud: a data set's latent codes under one autoencoder, with the stamp of both."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

import models
from explorer.core.datasets import Dataset
from explorer.core.errors import ExplorerError
from explorer.core.latent.batches import batches, check_fits, evaluating
from explorer.core.progress import Progress, Stop
from models import Autoencoder
from models.sphere import SpherePosterior

DRAWN_AT_ONCE = 1 << 17  # places of the sphere; bounds the temporaries, and belongs to what a seed gives


@dataclass(frozen=True, slots=True)
class Stamp:
    """The versions that a Cloud was made from: the data's content, the weights, and the maker's own count."""

    dataset: str
    model: str
    version: int = 0


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Cloud:
    """Latent codes of both splits, training split first.

    Attributes
    ----------
    mean
        The place of each sample: its posterior's mean, in latent units.
    spread
        Standard deviation of each posterior along each axis, in latent units; None where a sample
        has one place only.
    kl
        Divergence of each posterior from the prior, in nats; None where the model has no such term.
    labels
        For each sample the index of its class in `classes`; None for data without labels.
    train
        The number of rows, from the first on, that belong to the training split.
    sphere
        True where the codes are points of the unit sphere.
    kappa, caps
        On the sphere the concentration of each posterior about its mean and the distribution that it
        belongs to; None elsewhere, and where a sample has one place only.
    ordered
        True where the classes are grades, as in `Dataset`.
    """

    mean: Float32[np.ndarray, "n latent"]
    spread: Float32[np.ndarray, "n latent"] | None
    kl: Float32[np.ndarray, " n"] | None
    labels: Int64[np.ndarray, " n"] | None
    train: int
    classes: tuple[str, ...]
    stamp: Stamp
    sphere: bool = False
    kappa: Float32[np.ndarray, " n"] | None = None
    caps: type[SpherePosterior] | None = None
    ordered: bool = False

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def latent(self) -> int:
        """Number of latent coordinates."""
        return self.mean.shape[1]

    def draws(self, per_sample: int, seed: int = 0) -> Cloud:
        """Draw from every sample's posterior: the aggregate posterior as a dense cloud.

        Parameters
        ----------
        per_sample
            How many draws stand for each sample. 0, or a model without posteriors ("ae", "sphere-ae"),
            gives this cloud itself: a sample has one place there.
        seed
            The same seed gives the same draws.

        Returns
        -------
        Cloud
            ``len(self) * per_sample`` places without a spread of their own: ``mean + spread * e``, e
            standard normal; on the sphere draws from each sample's cap, of length 1. Row r belongs to
            sample ``r // per_sample``, whose label and KL it repeats; the draws of the training split
            come first.

        Raises
        ------
        ExplorerError
            For fewer than 0 draws, and for a cloud of the sphere that was made without its caps.

        References
        ----------
        Makhzani et al. (2015), Adversarial Autoencoders (the aggregate posterior).
        """
        if per_sample < 0:
            raise ExplorerError(f"draws per sample cannot be {per_sample}; give 0 (the means) or more.")
        if per_sample == 0 or self.spread is None:
            return self
        places = (
            self._on_sphere(per_sample, seed) if self.sphere else self._normal(self.spread, per_sample, seed)
        )
        return Cloud(
            mean=places,
            spread=None,
            kl=None if self.kl is None else self.kl.repeat(per_sample),
            labels=None if self.labels is None else self.labels.repeat(per_sample),
            train=self.train * per_sample,
            classes=self.classes,
            stamp=self.stamp,
            sphere=self.sphere,
            ordered=self.ordered,
        )

    def _normal(
        self, spread: Float32[np.ndarray, "n latent"], per_sample: int, seed: int
    ) -> Float32[np.ndarray, "draws latent"]:
        count = len(self) * per_sample
        noise = np.random.default_rng(seed).standard_normal((count, self.latent), dtype=np.float32)
        # In place, row by row of the repeats: at 10 M draws every temporary counts.
        places = noise.reshape(len(self), per_sample, self.latent)
        places *= spread[:, None, :]
        places += self.mean[:, None, :]
        return noise

    def _on_sphere(self, per_sample: int, seed: int) -> Float32[np.ndarray, "draws latent"]:
        if self.kappa is None or self.caps is None:
            raise ExplorerError(
                "this cloud of a sphere says how far its samples spread but not how; encode the data again, "
                "or use per_sample=0."
            )
        generator = torch.Generator().manual_seed(seed)
        places = np.empty((len(self) * per_sample, self.latent), dtype=np.float32)
        for start in range(0, len(places), DRAWN_AT_ONCE):
            rows = np.arange(start, min(start + DRAWN_AT_ONCE, len(places))) // per_sample
            caps = self.caps.at(torch.from_numpy(self.mean[rows]), torch.from_numpy(self.kappa[rows]))
            places[start : start + len(rows)] = caps.sample(generator).numpy()
        return places


def encode(
    model: Autoencoder,
    dataset: Dataset,
    *,
    batch_size: int | None = None,
    stop: Stop | None = None,
    progress: Progress | None = None,
    stamp: Stamp | None = None,
) -> Cloud:
    """Place every sample of both splits in latent space.

    The model is used on the device it is on, in evaluation mode, and left in the mode it was in.

    Parameters
    ----------
    batch_size
        Samples at a time; by default what suits the device and the size of a sample. `stop` is
        asked once a batch.
    stop
        Asked before each batch.
    progress
        Called with the share that is done, in (0, 1], after each batch.
    stamp
        By default the data's stamp and a hash of the weights.

    Raises
    ------
    DataError
        Before any work, when the model takes samples of another shape.
    ExplorerError
        When a code is not finite: the model has diverged.
    Cancelled
        When `stop` turned true.
    """
    check_fits(model, dataset)
    codes = torch.empty(len(dataset), model.code_length(model.latent), device=model.device)
    with evaluating(model):
        for rows, batch in batches(model, dataset, batch_size, stop, progress):
            codes[rows] = model.code(batch)
        posterior = model.posterior(codes)  # at once: some operations on all codes, not on each batch's
        kl = None if posterior.spread is None else _to_numpy(posterior.kl())
    mean = _to_numpy(posterior.mean)
    spread = None if posterior.spread is None else _to_numpy(posterior.spread)
    sphere = posterior if isinstance(posterior, SpherePosterior) else None
    _check_finite([part for part in (mean, spread, kl) if part is not None], dataset)
    return Cloud(
        mean=mean,
        spread=spread,
        kl=kl,
        labels=dataset.y,
        train=len(dataset.train),
        classes=dataset.classes,
        stamp=stamp or Stamp(dataset.stamp, weights_token(model)),
        sphere=model.sphere,
        kappa=None if sphere is None else _to_numpy(sphere.kappa),
        caps=None if sphere is None else type(sphere),
        ordered=dataset.ordered,
    )


def reconstruction_errors(
    model: Autoencoder,
    dataset: Dataset,
    *,
    only: Int64[np.ndarray, " chosen"] | None = None,
    stop: Stop | None = None,
    progress: Progress | None = None,
) -> Float32[np.ndarray, " n"]:
    """Return the error of each sample of both splits, decoded at its own mean, in nats, training first.

    The likelihood is the model's: name its `convention` beside these figures.

    Parameters
    ----------
    only
        Of which samples, training split first; None is all of them.

    Raises
    ------
    DataError, ExplorerError, Cancelled
        As `encode` does.
    """
    check_fits(model, dataset)
    errors = torch.empty(len(dataset) if only is None else len(only), device=model.device)
    with evaluating(model):
        for rows, batch in batches(model, dataset, None, stop, progress, only):
            errors[rows] = models.reconstruction_error(model, batch)
    found = _to_numpy(errors)
    _check_finite([found], dataset)
    return found


def weights_token(model: Autoencoder) -> str:
    """Return a short hash of a model's weights: equal weights, equal token."""
    content = hashlib.blake2b(digest_size=8)
    for name, value in model.state_dict().items():
        content.update(name.encode())
        content.update(value.detach().cpu().contiguous().numpy().data)
    return content.hexdigest()


def _to_numpy(values: Tensor) -> np.ndarray:
    array: np.ndarray = values.contiguous().cpu().numpy()
    array.setflags(write=False)
    return array


def _check_finite(parts: list[np.ndarray], dataset: Dataset) -> None:
    good = np.ones(len(parts[0]), dtype=bool)
    for part in parts:
        good &= np.isfinite(part.reshape(len(good), -1)).all(axis=1)
    if not good.all():
        raise ExplorerError(
            f"the model has diverged: {np.count_nonzero(~good):,} of {len(good):,} samples of "
            f"{dataset.name!r} get values that are not finite; load other weights, or train a new model with "
            "a smaller learning rate."
        )
