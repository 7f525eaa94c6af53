"""Figures: frames in, matplotlib figures out."""
