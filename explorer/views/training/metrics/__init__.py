"""The tab Train: the live charts of a training, and its events."""

from explorer.views.training.metrics.metrics import Metrics

__all__ = ["Metrics"]
