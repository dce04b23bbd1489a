"""tf.autograph: Python control flow that tensors decide."""
