"""tf.linalg: the public room; what it names is made in files by family."""

from functrans.tf.products import cross, einsum, matmul, matvec, tensordot

__all__ = ["cross", "einsum", "matmul", "matvec", "tensordot"]
