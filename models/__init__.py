"""Autoencoders for exploration: made by name, trained by a generator, kept as safetensors.

>>> import models
>>> model = models.create("vae", shape=(1, 8, 8), latent=2)
>>> model.convention
'Bernoulli on grey targets'
"""

from models.autoencoder import Autoencoder, Loss, Posterior, reconstruction_error
from models.checkpoint import load, read_metadata, save
from models.evaluation import Activity, Bounds, activity, binarised, bounds, evaluate
from models.fit import Plan, Step, default_plan, fit
from models.fit_state import OptimizerState
from models.focus import Focus
from models.option import Option
from models.registry import anew, create, describe, latent_range, names, options, reweighed, spherical

__all__ = [
    "Activity",
    "Autoencoder",
    "Bounds",
    "Focus",
    "Loss",
    "OptimizerState",
    "Option",
    "Plan",
    "Posterior",
    "Step",
    "activity",
    "anew",
    "binarised",
    "bounds",
    "create",
    "default_plan",
    "describe",
    "evaluate",
    "fit",
    "latent_range",
    "load",
    "names",
    "options",
    "read_metadata",
    "reconstruction_error",
    "reweighed",
    "save",
    "spherical",
]
