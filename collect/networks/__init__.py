"""Backbone and head of a run put together, and which parameters the adaptation trains."""
