"""Readers: each returns the images of one kind of source as an ImageSet."""
