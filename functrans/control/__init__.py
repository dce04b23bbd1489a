"""Primitives that hold a Jaxpr, and are therefore clients of the transforms."""
