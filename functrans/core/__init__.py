"""What a program is: avals, primitives, Jaxprs, traces, the checker and the printer."""
