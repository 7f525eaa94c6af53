"""Turns result rows into LaTeX, figures and HTML; computes no statistic of its own."""
