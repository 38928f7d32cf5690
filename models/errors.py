"""Errors of models; each message is one sentence that names what is allowed."""


class ModelError(Exception):
    """A request to `models` that cannot be met; the message says what to do instead."""


class UnknownModel(ModelError):
    """No family of that name is registered."""


class BadOption(ModelError):
    """An option, a shape, a latent dimension or a training setting outside what is allowed."""


class ShapeMismatch(ModelError):
    """Samples or codes whose shape or type is not the model's."""


class BadData(ModelError):
    """Values that the model's likelihood does not allow, or no samples at all."""


class BadCheckpoint(ModelError):
    """A file that is not a whole checkpoint of this package."""


class NotFinite(ModelError):
    """A training whose loss or weights left the finite numbers."""


class NoPrior(ModelError):
    """A request to a deterministic model for something that only a model with a prior has."""
