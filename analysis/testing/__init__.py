"""What every test needs: families, equivalence, verdicts, what counts as constant."""
