"""One user's state and what follows from it: param only, no screen."""

from explorer.session.latent_axes import Inspecting
from explorer.session.map.selection import Selecting
from explorer.session.session import Session
from explorer.session.tasks import Errands
from explorer.session.training.model_choice import Choosing
from explorer.session.training.training import Training

__all__ = ["Choosing", "Errands", "Inspecting", "Selecting", "Session", "Training"]
