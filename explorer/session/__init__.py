"""One user's state and what follows from it: param only, no screen."""

from explorer.session.choosing import Choosing
from explorer.session.errands import Errands
from explorer.session.inspecting import Inspecting
from explorer.session.selecting import Selecting
from explorer.session.session import Session
from explorer.session.training import Training

__all__ = ["Choosing", "Errands", "Inspecting", "Selecting", "Session", "Training"]
