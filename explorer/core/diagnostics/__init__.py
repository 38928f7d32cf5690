"""Diagnose a training: events, rate and distortion, forgetting."""
