"""Autoencoders to look into: made by name, trained by a generator, kept as safetensors.

>>> import models
>>> model = models.create("vae", shape=(1, 8, 8), latent=2)
>>> model.convention
'Bernoulli on grey targets'
"""

from models.autoencoder import Autoencoder, Loss, Option, Posterior, reconstruction_error
from models.checkpoint import load, read_metadata, save
from models.evaluation import evaluate
from models.fit import Plan, Step, default_plan, fit
from models.registry import create, names, options

__all__ = [
    "Autoencoder",
    "Loss",
    "Option",
    "Plan",
    "Posterior",
    "Step",
    "create",
    "default_plan",
    "evaluate",
    "fit",
    "load",
    "names",
    "options",
    "read_metadata",
    "reconstruction_error",
    "save",
]
