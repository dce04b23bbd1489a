"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.devices import gpu_device_name as gpu_device_name
from functrans.tf.devices import is_built_with_cuda as is_built_with_cuda
from functrans.tf.devices import is_built_with_gpu_support as is_built_with_gpu_support
from functrans.tf.devices import is_gpu_available as is_gpu_available

__all__ = [
    "gpu_device_name",
    "is_built_with_cuda",
    "is_built_with_gpu_support",
    "is_gpu_available",
]
