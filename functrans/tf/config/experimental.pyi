"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.devices import get_visible_devices as get_visible_devices
from functrans.tf.devices import list_logical_devices as list_logical_devices
from functrans.tf.devices import list_physical_devices as list_physical_devices
from functrans.tf.devices import set_visible_devices as set_visible_devices

__all__ = [
    "get_visible_devices",
    "list_logical_devices",
    "list_physical_devices",
    "set_visible_devices",
]
