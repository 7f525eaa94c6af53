"""Bring in runs that other tools logged."""
