"""Pre-trained networks: architectures, their weights, and what their inputs must look like."""
