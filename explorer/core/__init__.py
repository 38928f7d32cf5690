"""The headless core: frozen values, pure functions and things with knobs; nothing of a screen."""
