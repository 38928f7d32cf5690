from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from scipy import stats

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import Cancelled, DataError, ExplorerError
from explorer.core.latent.cloud import Cloud, Stamp, encode, reconstruction_errors, weights_token
from models import Autoencoder
from models.sphere import PowerSphericalPosterior, SpherePosterior, VonMisesFisherPosterior


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


@pytest.fixture(scope="module")
def vae(digits: Dataset) -> Autoencoder:
    return models.create("vae", shape=digits.shape, latent=3)


def everything(dataset: Dataset) -> torch.Tensor:
    return torch.tensor(np.concatenate([dataset.train.x, dataset.test.x]))


def test_codes_are_the_posteriors_of_both_splits_training_first(digits: Dataset, vae: Autoencoder) -> None:
    cloud = encode(vae, digits)
    with torch.inference_mode():
        posterior = vae.encode(everything(digits))
    assert len(cloud) == len(digits.train) + len(digits.test)
    assert cloud.train == len(digits.train)
    assert cloud.latent == 3
    assert cloud.classes == digits.classes
    assert cloud.spread is not None
    assert cloud.kl is not None
    assert cloud.labels is not None
    np.testing.assert_allclose(cloud.mean, posterior.mean, atol=1e-6)
    np.testing.assert_allclose(cloud.spread, posterior.spread, rtol=1e-5)
    np.testing.assert_allclose(cloud.kl, posterior.kl(), atol=1e-5)
    np.testing.assert_array_equal(cloud.labels[: cloud.train], digits.train.y)
    np.testing.assert_array_equal(cloud.labels[cloud.train :], digits.test.y)


@pytest.mark.parametrize("batch_size", [1_000, 97, 10_000])
def test_batches_leave_no_seam(digits: Dataset, vae: Autoencoder, batch_size: int) -> None:
    whole = encode(vae, digits, batch_size=len(digits))
    np.testing.assert_allclose(encode(vae, digits, batch_size=batch_size).mean, whole.mean, atol=1e-6)


def test_a_model_that_writes_into_its_samples_leaves_the_data_as_they_were(
    digits: Dataset, vae: Autoencoder
) -> None:
    class Writing(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mul_(2.0)

    greedy = vae.clone()
    greedy.encoder = torch.nn.Sequential(Writing(), greedy.encoder)
    before = digits.x.copy()
    cloud = encode(greedy, digits, batch_size=97)
    np.testing.assert_array_equal(digits.x, before)
    with torch.inference_mode():
        np.testing.assert_allclose(cloud.mean, vae.encode(2 * everything(digits)).mean, atol=1e-5)


def test_a_deterministic_model_has_neither_spread_nor_kl(digits: Dataset) -> None:
    cloud = encode(models.create("ae", shape=digits.shape), digits)
    assert cloud.spread is None
    assert cloud.kl is None
    assert cloud.draws(5) is cloud


def test_a_cloud_cannot_be_written(digits: Dataset, vae: Autoencoder) -> None:
    with pytest.raises(ValueError, match="read-only"):
        encode(vae, digits).mean[0] = 0.0


def test_the_stamp_tells_data_and_weights_apart(digits: Dataset, vae: Autoencoder) -> None:
    other = vae.clone()
    assert encode(other, digits).stamp == encode(vae, digits).stamp == Stamp(digits.stamp, weights_token(vae))
    with torch.no_grad():
        next(other.parameters()).view(-1)[0] += 1e-6
    assert weights_token(other) != weights_token(vae)
    given = Stamp("data", "weights", 7)
    assert encode(vae, digits, stamp=given).stamp is given


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_evaluated_and_left_in_the_mode_it_was_in(digits: Dataset, training: bool) -> None:
    model = models.create("vae", shape=digits.shape).train(training)
    dropped = torch.nn.Dropout(0.9).train(training)
    model.encoder.insert(0, dropped)
    first = encode(model, digits)
    np.testing.assert_array_equal(encode(model, digits).mean, first.mean)
    assert {module.training for module in model.modules()} == {training}
    assert not any(part.grad_fn for part in model.parameters())


def test_progress_rises_to_one_and_stop_is_heard_between_batches(digits: Dataset, vae: Autoencoder) -> None:
    told: list[float] = []
    encode(vae, digits, batch_size=500, progress=told.append)
    assert told == pytest.approx([500 / 1797, 1000 / 1797, 1500 / 1797, 1.0])
    told.clear()
    with pytest.raises(Cancelled, match="after 1,000 of 1,797 samples"):
        encode(vae, digits, batch_size=500, progress=told.append, stop=lambda: len(told) == 2)
    assert len(told) == 2


def test_a_model_for_other_samples_is_refused_before_any_work(digits: Dataset) -> None:
    def never() -> NoReturn:
        raise AssertionError("work began")

    model = models.create("vae", shape=(1, 28, 28))
    for work in (encode, reconstruction_errors):
        with pytest.raises(DataError, match=r"\(1, 28, 28\) .* 'digits' has \(1, 8, 8\)"):
            work(model, digits, stop=never)


def test_a_diverged_model_is_one_sentence(digits: Dataset, vae: Autoencoder) -> None:
    broken = vae.clone()
    with torch.no_grad():
        for value in broken.parameters():
            value.fill_(float("nan"))
    for work in (encode, reconstruction_errors):
        with pytest.raises(ExplorerError, match="diverged: 1,797 of 1,797 samples of 'digits'"):
            work(broken, digits)


def test_reconstruction_errors_are_the_models_own_figures(digits: Dataset, vae: Autoencoder) -> None:
    errors = reconstruction_errors(vae, digits)
    with torch.inference_mode():
        expected = models.reconstruction_error(vae, everything(digits))
    assert errors.dtype == np.float32
    np.testing.assert_allclose(errors, expected, rtol=1e-5)


def made(**changes: Any) -> Cloud:
    given: dict[str, Any] = {
        "mean": np.array([[0, 5], [-3, 1], [2, 2]], dtype=np.float32),
        "spread": np.array([[1, 0.5], [0.1, 2], [3, 1]], dtype=np.float32),
        "kl": np.array([1, 2, 3], dtype=np.float32),
        "labels": np.array([1, 0, 1]),
        "train": 2,
        "classes": ("a", "b"),
        "stamp": Stamp("data", "model"),
    }
    return Cloud(**(given | changes))


def test_draws_have_the_mean_and_the_spread_of_their_posteriors() -> None:
    cloud, per_sample = made(), 40_000
    places = cloud.draws(per_sample).mean.reshape(3, per_sample, 2)
    assert cloud.spread is not None
    for place, mean, spread in zip(places, cloud.mean, cloud.spread, strict=True):
        # Five standard errors of the mean and of the covariance of independent normals.
        close = 5 / np.sqrt(per_sample)
        np.testing.assert_array_less(np.abs(place.mean(axis=0) - mean), close * spread)
        covariance = np.cov(place.T) / np.outer(spread, spread)
        np.testing.assert_array_less(np.abs(covariance - np.eye(2)), close * np.array([[1.5, 1], [1, 1.5]]))


def test_draws_repeat_labels_and_kl_keep_the_splits_apart_and_have_no_spread() -> None:
    drawn = made().draws(4)
    assert len(drawn) == 12
    assert drawn.train == 8
    assert drawn.spread is None
    assert drawn.labels is not None
    assert drawn.kl is not None
    assert drawn.labels.tolist() == [1] * 4 + [0] * 4 + [1] * 4
    assert drawn.kl.tolist() == [1.0] * 4 + [2.0] * 4 + [3.0] * 4
    assert made(labels=None, kl=None).draws(2).labels is None


def test_draws_come_from_the_seed_and_none_are_the_cloud_itself() -> None:
    cloud = made()
    np.testing.assert_array_equal(cloud.draws(3, seed=1).mean, cloud.draws(3, seed=1).mean)
    assert (cloud.draws(3, seed=1).mean != cloud.draws(3, seed=2).mean).all()
    assert cloud.draws(0) is cloud
    with pytest.raises(ExplorerError, match="cannot be -1; give 0"):
        cloud.draws(-1)


def caps(family: type[SpherePosterior], latent: int, kappa: list[float]) -> Cloud:
    """A cloud of the sphere with these concentrations, at fixed places."""
    mean = np.random.default_rng(7).standard_normal((len(kappa), latent)).astype(np.float32)
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    posterior = family.at(torch.from_numpy(mean), torch.tensor(kappa))
    return made(
        mean=mean,
        spread=posterior.spread.numpy(),
        kl=posterior.kl().numpy(),
        labels=None,
        train=len(kappa) - 1,
        sphere=True,
        kappa=np.array(kappa, dtype=np.float32),
        caps=family,
    )


@pytest.mark.parametrize(
    ("family", "latent"),
    [(VonMisesFisherPosterior, 3), (PowerSphericalPosterior, 3), (PowerSphericalPosterior, 10)],
)
def test_draws_on_the_sphere_have_the_direction_and_the_length_of_their_caps(
    family: type[SpherePosterior], latent: int
) -> None:
    kappa, per_sample = [2e-3, 0.7, 12.0, 3e4], 50_000
    cloud = caps(family, latent, kappa)
    drawn = cloud.draws(per_sample)
    assert drawn.sphere
    assert (drawn.train, len(drawn), drawn.spread) == (3 * per_sample, 4 * per_sample, None)
    np.testing.assert_allclose(np.linalg.norm(drawn.mean, axis=1), 1, atol=1e-5)
    for place, mean, k in zip(drawn.mean.reshape(4, per_sample, latent), cloud.mean, kappa, strict=True):
        # Mardia and Jupp (2000), equation 9.3.9; De Cao and Aziz (2020), section 3.
        fisher = family is VonMisesFisherPosterior
        length = 1 / np.tanh(k) - 1 / k if fisher else k / (k + latent - 1)
        resultant = place.mean(axis=0)
        error = place.std(axis=0) / np.sqrt(per_sample)
        np.testing.assert_array_less(np.abs(resultant - length * mean), 5 * error + 1e-6)
        # From chords: a cosine near 1 has no digits left.
        away = np.square(place[:5_000].astype(np.float64) - mean).sum(axis=1) / 4
        assert stats.kstest(away, _law_of_halves(family, latent, k)).pvalue > 1e-3


def _law_of_halves(family: type[SpherePosterior], latent: int, k: float) -> Any:
    """Distribution function of ``(1 - cosine) / 2``: of how far draws are from their mean direction."""
    if family is VonMisesFisherPosterior:
        return lambda away: np.expm1(-2 * k * away) / np.expm1(-2 * k)
    return stats.beta((latent - 1) / 2, (latent - 1) / 2 + k).cdf


def test_draws_on_the_sphere_come_from_the_seed_whatever_is_drawn_at_once() -> None:
    cloud = caps(VonMisesFisherPosterior, 3, [1.0, 5.0, 9.0])
    np.testing.assert_array_equal(cloud.draws(3, seed=1).mean, cloud.draws(3, seed=1).mean)
    assert (cloud.draws(3, seed=1).mean != cloud.draws(3, seed=2).mean).any(axis=1).all()
    with pytest.raises(ExplorerError, match="encode the data again"):
        made(sphere=True).draws(2)


@pytest.mark.parametrize(
    ("latent", "family"),
    [(3, VonMisesFisherPosterior), (2, PowerSphericalPosterior), (5, PowerSphericalPosterior)],
)
def test_a_cloud_of_the_sphere_keeps_its_caps(digits: Dataset, latent: int, family: type) -> None:
    model = models.create("sphere-vae", shape=digits.shape, latent=latent)
    cloud = encode(model, digits, batch_size=700)
    with torch.inference_mode():
        posterior = model.encode(everything(digits))
    assert cloud.caps is family
    np.testing.assert_allclose(cloud.kappa, posterior.kappa, rtol=1e-3)
    assert len(cloud.draws(2)) == 2 * len(digits)


def test_a_plain_autoencoder_has_one_place_a_sample_on_the_sphere_too(digits: Dataset) -> None:
    cloud = encode(models.create("sphere-ae", shape=digits.shape, latent=3), digits)
    assert (cloud.spread, cloud.kl, cloud.kappa, cloud.caps) == (None, None, None, None)
    assert cloud.sphere
    assert cloud.draws(5) is cloud
