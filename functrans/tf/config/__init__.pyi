"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.devices import LogicalDevice as LogicalDevice
from functrans.tf.devices import PhysicalDevice as PhysicalDevice
from functrans.tf.config import experimental as experimental
from functrans.tf.functions import functions_run_eagerly as functions_run_eagerly
from functrans.tf.devices import get_visible_devices as get_visible_devices
from functrans.tf.devices import list_logical_devices as list_logical_devices
from functrans.tf.devices import list_physical_devices as list_physical_devices
from functrans.tf.functions import run_functions_eagerly as run_functions_eagerly
from functrans.tf.devices import set_visible_devices as set_visible_devices

__all__ = [
    "LogicalDevice",
    "PhysicalDevice",
    "experimental",
    "functions_run_eagerly",
    "get_visible_devices",
    "list_logical_devices",
    "list_physical_devices",
    "run_functions_eagerly",
    "set_visible_devices",
]
