"""Phases, epochs and steps, and which checkpoint stands for the run."""
