"""What a name that is not here is told: what to use, in the words of who comes from TensorFlow."""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from functrans.tf.errors import AbsentNameError
from functrans.tf.rooms import NAMES, names

_ARRAYS = "Iterate over NumPy arrays: for i in range(0, len(x), 32): batch = x[i : i + 32]."
_MODULE = "Write a tf.Module that holds variables, and call functions of tf and tf.nn."
_ONE_PROCESS = "Programs run in this process, on the processor; there is nothing to distribute."
_OPS = "The operations are functions of tf, tf.math, tf.linalg and tf.nn."
_SAVING = "Save the variables' values: np.savez(file, *[v.numpy() for v in variables])."
_DENSE = "Use dense tensors; tf.IndexedSlices holds sparse gradients."
_FILES = "Read and write files with Python, NumPy or an image library, and pass arrays."
_QUANTISED = "Compute in tf.float32, or in an integer dtype."
_GRAPH = "There are no graphs to hold: code runs as it is called, and tf.function compiles it."
_SCOPE = "Make variables with tf.Variable, and keep them in a tf.Module."

HINTS: tuple[tuple[str, str], ...] = (
    # rooms
    ("data data.* Dataset", _ARRAYS),
    ("keras.layers keras.layers.* layers layers.*", _MODULE),
    (
        "keras.Model keras.Sequential keras.Input keras.models keras.applications",
        f"{_MODULE} Train it with tf.GradientTape and tf.keras.optimizers.",
    ),
    ("keras.datasets", "Load NumPy arrays, for example with sklearn.datasets or np.load."),
    ("keras.ops keras.ops.*", _OPS),
    ("keras.backend", _OPS),
    ("keras.callbacks", "Write what is to happen after each step in the training loop."),
    ("keras.mixed_precision mixed_precision", "Choose dtypes with tf.cast."),
    ("keras.random keras.random.*", "Use tf.random."),
    (
        "*losses.mean_* *metrics.mean_* *losses.log_cosh *metrics.log_cosh",
        "Use the short names, as TensorFlow has them: MSE, MAE, MAPE, MSLE, logcosh.",
    ),
    (
        "*keras.metrics *metrics.* metrics",
        "Compute it from arrays, with sklearn.metrics, or in a tf.keras.metrics.Metric.",
    ),
    ("keras.regularizers*", "Add the penalty to the loss: 0.01 * tf.reduce_sum(w**2)."),
    ("keras.constraints*", "Pass constraint= to tf.Variable, or assign the projected value."),
    (
        "optimizers.* keras.optimizers.*",
        "Use tf.keras.optimizers.SGD, Adam or another that is there, or update with assign_sub.",
    ),
    (
        "losses.* keras.losses.*",
        "Write the loss with functions of tf.math and tf.nn; tf.keras.losses.Loss reduces it.",
    ),
    ("keras keras.*", _MODULE),
    ("raw_ops*", _OPS),
    ("sparse* SparseTensor*", _DENSE),
    ("ragged* Ragged*", "Pad rows to one length and keep a mask, as tf.sequence_mask makes it."),
    ("lookup* contrib.lookup", "Use a dict in Python, and pass tf the numbers."),
    ("io* gfile python_io read_file write_file matching_files parse_* decode_* encode_*", _FILES),
    ("audio*", _FILES),
    ("image image.*", "Use scipy.ndimage or an image library before the arrays become tensors."),
    ("signal signal.*fft* fft* ifft* rfft* irfft*", "Use functrans.numpy.fft."),
    ("signal.*", "Use functrans.scipy.signal."),
    ("saved_model* train.*heckpoint* train.load* train.latest* train.list*", _SAVING),
    ("train.*Optimizer", "Use tf.keras.optimizers."),
    ("train.*Example* train.*Feature* train.*List", _FILES),
    ("train train.ExponentialMovingAverage", "Use tf.keras.optimizers, or update variables."),
    ("distribute* tpu* train.Cl* train.Se* train.Job* DeviceSpec dtensor*", _ONE_PROCESS),
    ("config config.*device* config.*Device* config.threading", _ONE_PROCESS),
    ("summary*", "Keep values in lists, and plot them with matplotlib."),
    ("profiler*", "Use functrans.debug, or a profiler of Python's."),
    ("feature_column*", "Make the columns of one array with NumPy."),
    ("estimator*", _MODULE),
    ("quantiz* dequantize* fake_quant* *qint* *quint* *QUANTIZED*", _QUANTISED),
    ("bfloat16 *.bfloat16 *float8* *float4* *int4 *int2", _QUANTISED),
    ("queue* *Queue", "Use queue.Queue of Python's, or a list."),
    ("test", "Use numpy.testing and pytest; functrans.testing checks gradients."),
    ("test.compute_gradient", "Use functrans.testing.check_grads."),
    ("test.*", "Use numpy.testing and pytest."),
    ("experimental.numpy*", "Use functrans.numpy."),
    (
        "compat.v1* compat",
        "TensorFlow 1 is not here: code runs as it is called, and tf.function compiles it. Set the "
        "level of logging with tf.get_logger().",
    ),
    ("linalg.experimental*", "Use functrans.scipy.sparse.linalg.cg."),
    ("linalg.LinearOperator*", "Use functions of tf.linalg on matrices, or a function x -> A x."),
    ("random.Generator random.get_global_generator random.experimental*", "Use tf.random.normal."),
    ("initializers.* keras.initializers.*", "Draw the values with tf.random."),
    # TensorFlow 1, and names of graphs
    ("Session InteractiveSession get_default_session", f"{_GRAPH} Call functions, read .numpy()."),
    ("ConfigProto GPUOptions RunOptions RunMetadata", "There is no session to configure."),
    ("placeholder* sparse_placeholder", "Write a function of that argument; tf.function compiles."),
    (
        "Graph Operation get_default_graph reset_default_graph GraphDef GraphKeys *_collection*",
        _GRAPH,
    ),
    ("*_initializer initialize_*", "Variables have their values as soon as they are made."),
    ("get_variable variable_scope VariableScope get_variable_scope AUTO_REUSE", _SCOPE),
    (
        "trainable_variables global_variables local_variables all_variables model_variables",
        "Ask a tf.Module for its variables, or a tape for its watched_variables().",
    ),
    ("*eager_execution *v2_behavior *resource_variables *control_flow_v2", "It is always so."),
    ("assign assign_add assign_sub scatter_*", "Use the variable's own methods: v.assign(x)."),
    ("to_float", "Use tf.cast(x, tf.float32)."),
    ("to_double", "Use tf.cast(x, tf.float64)."),
    ("to_int32", "Use tf.cast(x, tf.int32)."),
    ("to_int64", "Use tf.cast(x, tf.int64)."),
    ("to_complex*", "Use tf.cast(x, tf.complex64)."),
    ("div", "Use tf.divide, or the operator /."),
    ("floor_div", "Use tf.math.floordiv, or the operator //."),
    ("div_no_nan", "Use tf.math.divide_no_nan."),
    ("arg_max", "Use tf.argmax."),
    ("arg_min", "Use tf.argmin."),
    ("lin_space", "Use tf.linspace."),
    ("py_func", "Use tf.numpy_function or tf.py_function."),
    ("Print", "Use tf.print."),
    ("random_normal", "Use tf.random.normal."),
    ("random_uniform", "Use tf.random.uniform."),
    ("random_shuffle", "Use tf.random.shuffle."),
    ("set_random_seed", "Use tf.random.set_seed."),
    ("multinomial", "Use tf.random.categorical."),
    ("matrix_inverse", "Use tf.linalg.inv."),
    ("matrix_determinant", "Use tf.linalg.det."),
    ("matrix_solve", "Use tf.linalg.solve."),
    ("matrix_solve_ls", "Use tf.linalg.lstsq."),
    ("matrix_triangular_solve", "Use tf.linalg.triangular_solve."),
    ("matrix_band_part", "Use tf.linalg.band_part."),
    ("matrix_diag", "Use tf.linalg.diag."),
    ("matrix_diag_part", "Use tf.linalg.diag_part."),
    ("matrix_set_diag", "Use tf.linalg.set_diag."),
    ("self_adjoint_eig", "Use tf.linalg.eigh."),
    ("self_adjoint_eigvals", "Use tf.linalg.eigvalsh."),
    ("string_join", "Use tf.strings.join."),
    ("string_split", "Use tf.strings.split."),
    ("string_strip", "Use tf.strings.strip."),
    ("string_to_number", "Use tf.strings.to_number."),
    ("tensor_scatter_add", "Use tf.tensor_scatter_nd_add."),
    ("tensor_scatter_sub", "Use tf.tensor_scatter_nd_sub."),
    ("tensor_scatter_update", "Use tf.tensor_scatter_nd_update."),
    ("where_v2", "Use tf.where."),
    ("reverse_v2", "Use tf.reverse."),
    ("app flags logging", "Use argparse and logging of Python's."),
    ("strings.unicode* strings.*hash* strings.ngrams", "Use Python's strings before tf.constant."),
    ("load_library load_op_library user_ops", "Write the operation with functrans.extend."),
    ("tuple", "Use a list: tensors are computed in the order in which they are named."),
    ("AggregationMethod", "Gradients are always added up: leave the argument out."),
    ("CriticalSection", "Use threading.Lock of Python's."),
    ("*Spec", "Use tf.TensorSpec, or leave the signature out."),
    ("RegisterGradient no_gradient NoGradient NotDifferentiable", "Use tf.custom_gradient."),
    ("*approx*top_k *approx_max_k", "Use tf.math.top_k."),
    ("*approx_min_k", "Use tf.math.top_k of -x."),
    ("*backprop_filter* *backprop_input*", "Take the gradient of tf.nn.conv2d with a tape."),
    ("conv", "Use tf.nn.convolution."),
    ("edit_distance fingerprint *nondifferentiable_batch_function", "Compute it in Python."),
    ("graph_util import_graph_def mlir* xla* lite tools security types types.*", _GRAPH),
    ("make_ndarray make_tensor_proto", "Use x.numpy() and tf.constant."),
    ("matrix_square_root", "Use tf.linalg.sqrtm."),
    ("*index_shuffle", "Use tf.random.shuffle."),
    ("realdiv", "Use tf.divide, or the operator /."),
    ("register_tensor_conversion_function", "Give the class a method __array__."),
    ("sets sets.*", "Use np.union1d, np.intersect1d and np.setdiff1d."),
    ("sysconfig* config.optimizer config.*bridge config.*determinism", "There is nothing to set."),
    ("config.*memory*", "Use functrans.debug.memory."),
    ("config.experimental* config.experimental.*", _ONE_PROCESS),
    ("variable_creator_scope", "Make the variables in a function of yours."),
    ("debugging.*traceback_filtering", "Errors name the line of yours that led to them."),
    ("debugging.*log_device_placement", _ONE_PROCESS),
    ("debugging.*able_check_numerics", "Use functrans.debug_nans."),
    ("experimental.dispatch* experimental.unregister*", "Write functions of tensors."),
    ("experimental.*Type* experimental.Optional", "Use tuples, dicts and dataclasses of tensors."),
    ("nn.*sampler nn.nce_loss nn.sampled_softmax_loss random.*sampler", "Draw with tf.random."),
    ("nn.*embedding_lookup_sparse", "Use tf.nn.embedding_lookup and tf.math.segment_sum."),
    ("nn.fractional*", "Use tf.nn.max_pool2d or tf.nn.avg_pool2d."),
    ("nn.dilation2d nn.erosion2d", "Use tf.nn.max_pool2d, of -x for an erosion."),
    ("nn.with_space_to_batch", "Give tf.nn.convolution its dilations."),
    ("nn.isotonic_regression", "Use scipy.optimize.isotonic_regression."),
    ("nn.ctc* nn.RNNCell* nn.collapse_repeated", "Write it with tf.while_loop or tf.scan."),
    ("math.sobol_sample", "Use scipy.stats.qmc.Sobol."),
    ("version.*", "Use tf.version.VERSION."),
    ("train.*", "Use a loop, tf.GradientTape and tf.keras.optimizers."),
    ("Dimension dimension_*", "Sizes are integers, or None where they are not known."),
    ("variant resource *.variant *.resource", "Tensors hold numbers, bools and strings."),
)
"""What to use instead of names, by patterns of their paths; the first that fits."""

GENERAL = "See the list of names, docs/tensorflow_names.md; functrans.numpy may have a function."


@cache
def tensorflow_names() -> dict[str, frozenset[str]]:
    """TensorFlow's public names by room; TensorFlow 1's are in the room ``compat.v1``."""
    text = (Path(__file__).parent / "absent.txt").read_text(encoding="utf-8")
    rows = (line.partition(":") for line in text.splitlines())
    return {room: frozenset(listed.split()) for room, _, listed in rows}


def absent(room: str, name: str) -> AbsentNameError:
    """The error for a name that a room does not have."""
    module = ".".join(filter(None, ("functrans.tf", room)))
    return AbsentNameError(f"module {module!r} has no attribute {name!r}", instead(room, name))


def instead(room: str, name: str) -> str:
    """What to do without the name, and whose it is."""
    remedy = what_to_use(room, name)
    if name in tensorflow_names().get(room, ()):
        return f"TensorFlow's {_path(room, name)} is not here. {remedy or GENERAL}"
    if remedy:
        return remedy
    if not room and name in tensorflow_names()["compat.v1"]:
        return f"TensorFlow 1's {_path(room, name)} is not here. {GENERAL}"
    near = get_close_matches(name, _names(room), n=1)
    return f"Did you mean {_path(room, near[0])}?" if near else f"Nor has TensorFlow. {GENERAL}"


def what_to_use(room: str, name: str) -> str:
    """What to use in the place of a name, if there is something to name."""
    return _hint(f"{room}.{name}".lstrip(".")) or _elsewhere(room, name)


def _hint(path: str) -> str:
    fitting = (
        hint
        for patterns, hint in HINTS
        if any(fnmatchcase(path, pattern) for pattern in patterns.split())
    )
    return next(fitting, "")


def _elsewhere(room: str, name: str) -> str:
    """Where else a name of this spelling is: TensorFlow 1 had many of tf.math's in tf itself."""
    places = [
        _path(other, name) for other in sorted(NAMES) if other != room and name in _names(other)
    ]
    return f"Use {places[0]}." if places else ""


def _names(room: str) -> list[str]:
    return names(f"functrans.tf.{room}".rstrip("."))


def _path(room: str, name: str) -> str:
    return ".".join(filter(None, ("tf", room, name)))
