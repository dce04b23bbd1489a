"""Passes: pure functions from a Jaxpr to a simpler Jaxpr that computes the same values."""
