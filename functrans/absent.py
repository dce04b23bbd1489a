"""What a name of JAX's that functrans leaves out is told: what stands for it here."""

from __future__ import annotations

from functrans.errors import AbsentNameError

_ONE_DEVICE = "Leave it out: everything runs on this machine's processor, on one thread."
_ARRAY = "Write numpy.ndarray: arrays are NumPy's."
_DTYPES = "Leave it out: there is no flag for dtypes. float64 stays float64, and float32 float32."

REMEDIES = {
    "config": (
        "Leave the line out: float64 stays float64 without a flag. functrans.debug_nans, "
        "debug_infs, checking_leaks and disable_jit are contexts."
    ),
    **dict.fromkeys(("enable_x64", "numpy_dtype_promotion", "dtypes"), _DTYPES),
    **dict.fromkeys(("Array", "Ref"), _ARRAY),
    **dict.fromkeys(
        (
            "Device default_backend default_device device_count devices local_device_count "
            "local_devices make_mesh NamedSharding process_count process_index set_mesh sharding "
            "transfer_guard"
        ).split(),
        _ONE_DEVICE,
    ),
    **dict.fromkeys(
        ("pmap", "shard_map", "smap"),
        "Use functrans.vmap, with the same axis names: there is one processor to run on.",
    ),
    "check_tracer_leaks": "It is called functrans.checking_leaks.",
    "clear_caches": "A jitted function f has f.clear_cache().",
    "effects_barrier": "Leave it out: what a call does is done when it returns.",
    "export": (
        "Write functrans.jit(f).lower(*args).compile().save(path), and functrans.load(path)."
    ),
    **dict.fromkeys(
        ("named_call", "named_scope"), "Leave it out: programs show the lines that made them."
    ),
    "profiler": "functrans.jit(f).profile(*args) says where the time of a call goes.",
    "typeof": "Use functrans.eval_shape(lambda x: x, x), which gives the shape and the dtype.",
}


def absent(name: str) -> AttributeError:
    """The error of a name that functrans has not.

    >>> print(absent("Array").remedy)
    Write numpy.ndarray: arrays are NumPy's.
    """
    what = f"module 'functrans' has no attribute {name!r}"
    remedy = REMEDIES.get(name)
    return AttributeError(what) if remedy is None else AbsentNameError(f"{what}.", remedy)
