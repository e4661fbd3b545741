"""Scores that look at a candidate's own text."""
