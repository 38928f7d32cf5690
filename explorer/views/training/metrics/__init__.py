"""The drawer's Train: the live charts of a training, and what happened in it."""

from explorer.views.training.metrics.metrics import Metrics

__all__ = ["Metrics"]
