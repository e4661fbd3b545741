"""Answers given once are given again: the query cache, single flight, and the last good answer."""
