"""The script that ``panel serve explorer/app.py`` runs."""

from explorer.services import shared
from explorer.views.page.page import page

page(shared()).servable()
