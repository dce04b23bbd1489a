"""What operations mean: one block for each, every rule beside it."""
