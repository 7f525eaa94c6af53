"""Labelled images, the parts of a split, what would spoil the scores, and what a network takes."""
