"""The headless core: frozen values, pure functions and objects with knobs; it imports no screen."""
