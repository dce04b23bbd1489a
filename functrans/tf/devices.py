"""What there is to compute on: one processor, and the answers to who asks for another."""

from __future__ import annotations

from typing import Any, NamedTuple

from functrans.tf.errors import InvalidValueError


class PhysicalDevice(NamedTuple):
    """A device of this machine.

    >>> import functrans.tf as tf
    >>> tf.config.list_physical_devices()
    [PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]
    """

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device that operations run on.

    >>> import functrans.tf as tf
    >>> tf.config.list_logical_devices()[0].name
    '/device:CPU:0'
    """

    name: str
    device_type: str


_PHYSICAL = PhysicalDevice("/physical_device:CPU:0", "CPU")
_LOGICAL = LogicalDevice("/device:CPU:0", "CPU")


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The processor, or nothing where another type is asked for.

    >>> import functrans.tf as tf
    >>> tf.config.list_physical_devices("GPU")
    []
    """
    return [_PHYSICAL] if device_type in (None, "CPU") else []


def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """The processor, or nothing where another type is asked for.

    >>> import functrans.tf as tf
    >>> tf.config.list_logical_devices("GPU")
    []
    """
    return [_LOGICAL] if device_type in (None, "CPU") else []


def get_visible_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """As ``list_physical_devices``: the processor is always visible.

    >>> import functrans.tf as tf
    >>> [device.device_type for device in tf.config.get_visible_devices()]
    ['CPU']
    """
    return list_physical_devices(device_type)


def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Accept a choice that keeps the processor; ValueError for one that doesn't.

    >>> import functrans.tf as tf
    >>> tf.config.set_visible_devices([], "GPU")
    """
    chosen = [devices] if isinstance(devices, PhysicalDevice) else list(devices)
    unknown = [device for device in chosen if device != _PHYSICAL]
    if unknown or (not chosen and device_type in (None, "CPU")):
        raise InvalidValueError(
            f"Unrecognized device: {unknown[0]!r}"
            if unknown
            else "The processor cannot be hidden.",
            "Everything runs on the processor: leave it visible.",
        )


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: Any = None) -> bool:
    """False: there is the processor alone.

    >>> import functrans.tf as tf
    >>> tf.test.is_gpu_available()
    False
    """
    return False


def gpu_device_name() -> str:
    """The empty string, since there is no such device.

    >>> import functrans.tf as tf
    >>> tf.test.gpu_device_name()
    ''
    """
    return ""


def is_built_with_cuda() -> bool:
    """False: there is the processor alone.

    >>> import functrans.tf as tf
    >>> tf.test.is_built_with_cuda()
    False
    """
    return False


def is_built_with_gpu_support() -> bool:
    """False: there is the processor alone.

    >>> import functrans.tf as tf
    >>> tf.test.is_built_with_gpu_support()
    False
    """
    return False
