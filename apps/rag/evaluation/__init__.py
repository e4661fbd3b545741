"""Measures the engine on questions with known answers."""
