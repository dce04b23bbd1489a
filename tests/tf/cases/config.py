"""tf.config, tf.test and tf.version: what programs ask before they begin."""

from __future__ import annotations

from typing import Any

from tests.tf.oracle import Group
from tests.tf.shorthand import lines

GROUP = Group("config")
case = GROUP.case

lines(
    GROUP,
    """
tf.config.list_physical_devices()
tf.config.list_physical_devices("CPU")
tf.config.list_physical_devices("GPU")
repr(tf.config.list_physical_devices()[0])
tf.config.list_logical_devices()
tf.config.list_logical_devices("GPU")
tf.config.get_visible_devices()
tf.config.get_visible_devices("GPU")
tf.config.set_visible_devices([], "GPU")
tf.config.set_visible_devices(tf.config.list_physical_devices("CPU"))
tf.config.set_visible_devices(["x"])
tf.config.experimental.list_physical_devices("GPU")
tf.config.experimental.list_logical_devices("CPU")
tf.config.functions_run_eagerly()
tf.test.gpu_device_name()
tf.test.is_built_with_cuda()
tf.test.is_built_with_gpu_support()
[int(part) >= 2 for part in tf.__version__.split(".")[:2]]
tf.__version__ == tf.version.VERSION
""",
)


@case
def there_is_no_gpu(tf: Any) -> Any:
    return tf.test.is_gpu_available()
