"""One forward pass over the probes serves predictions, neighbours and similarities."""
