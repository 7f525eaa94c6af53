"""Means of scores, their intervals by kind of variation, and networks compared."""
