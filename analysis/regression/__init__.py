"""An outcome on a similarity: fits, their errors, and what a single run or dataset does to them."""
