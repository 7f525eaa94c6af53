"""Measures of representations and scores of predictions: tensors in, numbers out, no I/O."""
