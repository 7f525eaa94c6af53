"""Rows of the warehouse's tables, and what made them."""
