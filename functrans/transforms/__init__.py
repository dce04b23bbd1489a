"""The transforms: interpreters of functions and Jaxprs."""
