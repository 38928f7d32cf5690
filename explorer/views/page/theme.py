"""The look of Material's parts on the page, light and dark."""

from __future__ import annotations

import panel as pn

COOKIE = "latent-explorer-theme"


def dark_before() -> bool:
    """Return whether this browser's last page was dark, by the system or by choice."""
    return pn.state.cookies.get(COOKIE, "").endswith("dark")


UNSEEN = {
    "position": "absolute",
    "width": "1px",
    "height": "1px",
    "overflow": "hidden",
    "clipPath": "inset(50%)",
}
"""The style of words for a screen reader alone."""

# A quiet header: the colours on the page belong to the classes.
_TEXT = {"button": {"textTransform": "none"}}
_PARTS = {
    # A help that lies over a button does not take its press. It is as wide as its words, not as its button,
    # and stands above: beside a button the sidebar ends. It describes what it helps with, which has a name.
    "MuiTooltip": {
        "defaultProps": {"describeChild": True, "slotProps": {"popper": {"placement": "top"}}},
        "styleOverrides": {
            "popper": {"pointerEvents": "none", "width": "max-content"},
            "tooltip": {"maxWidth": "240px"},
        },
    },
    # The title of the page is its heading; the space under the header is none.
    "MuiTypography": {"defaultProps": {"variantMapping": {"h3": "h1", "h5": "div"}}},
    # Names for a screen reader, where a part has none of its own.
    "MuiLinearProgress": {"defaultProps": {"aria-label": "Progress"}},
    "MuiIconButton": {"defaultProps": {"aria-label": "Change by one step"}},
}
THEME = {
    "light": {"palette": {"primary": {"main": "#27425f"}}, "typography": _TEXT, "components": _PARTS},
    "dark": {
        "palette": {"primary": {"main": "#8fb7e0"}, "background": {"default": "#111418"}},
        "typography": _TEXT,
        "components": _PARTS,
    },
}
