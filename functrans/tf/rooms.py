"""Which public names there are, and in which file each lives.

A room is a module of TensorFlow's: ``tf`` itself, ``tf.math`` and so on. Files load when one of
their names is used. ``public:own`` is a name that the file calls otherwise. No file may be called
as a function of ``tf`` is: the import system would put the file in its place. Type checkers read
the names in stubs, which ``python docs/make_stubs.py`` writes.
"""

from __future__ import annotations

import builtins
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

NAMES: dict[str, dict[str, str]] = {
    "": {
        "arithmetic": (
            "add add_n atan2 divide maximum minimum multiply pow realdiv scalar_mul subtract"
            " truediv truncatediv truncatemod"
        ),
        "assertions": "Assert assert_equal assert_greater assert_less",
        "blocks": (
            "batch_to_space required_space_to_batch_paddings space_to_batch"
            " space_to_batch_nd:space_to_batch"
        ),
        "clipping": "clip_by_global_norm clip_by_norm clip_by_value saturate_cast",
        "control": "case cond switch_case while_loop",
        "convert": "cast constant convert_to_tensor is_tensor",
        "creation": (
            "eye fill linspace meshgrid one_hot ones ones_like range sequence_mask zeros zeros_like"
        ),
        "cumulative": "cumsum",
        "custom_gradients": "custom_gradient grad_pass_through recompute_grad",
        "dtypes": (
            "DType as_dtype bool:bool_ complex128 complex64 double float16 float32 float64 half"
            " int16 int32 int64 int8 string uint16 uint32 uint64 uint8"
        ),
        "elementwise": (
            "abs acos acosh asin asinh atan atanh complex cos cosh exp floor negative round sigmoid"
            " sign sin sinh sqrt square tan tanh"
        ),
        "functions": "function",
        "gathering": "boolean_mask gather gather_nd where",
        "graph_gradients": "gradients hessians",
        "host": "numpy_function py_function",
        "indexed": "IndexedSlices",
        "indexing": "newaxis",
        "inspection": "get_static_value is_symbolic_tensor type_spec_from_value",
        "joining": (
            "concat pad parallel_stack repeat reverse reverse_sequence roll split stack tile"
            " unstack"
        ),
        "logic": (
            "equal greater greater_equal less less_equal logical_and logical_not logical_or"
            " not_equal"
        ),
        "mapping": "foldl foldr map_fn scan vectorized_map",
        "module": "Module",
        "norms": "norm",
        "printing": "get_logger print timestamp",
        "products": "einsum matmul tensordot",
        "reductions": (
            "argmax argmin reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min"
            " reduce_prod reduce_sum"
        ),
        "saturation": "saturate_cast",
        "scattering": (
            "dynamic_partition dynamic_stitch scatter_nd tensor_scatter_nd_add"
            " tensor_scatter_nd_max tensor_scatter_nd_min tensor_scatter_nd_sub"
            " tensor_scatter_nd_update"
        ),
        "scopes": (
            "control_dependencies device executing_eagerly get_current_name_scope init_scope"
            " inside_function name_scope"
        ),
        "shape_assertions": "assert_rank",
        "shapes": "TensorShape TensorSpec TypeSpec",
        "shaping": (
            "bitcast broadcast_dynamic_shape broadcast_static_shape broadcast_to ensure_shape"
            " expand_dims group guarantee_const identity identity_n no_op rank reshape shape"
            " shape_n size squeeze stop_gradient transpose unravel_index"
        ),
        "slicing": "slice strided_slice",
        "sorting": (
            "argsort histogram_fixed_width histogram_fixed_width_bins searchsorted sort unique"
            " unique_with_counts"
        ),
        "spectra": "eig eigvals",
        "starting_values": (
            "constant_initializer ones_initializer random_normal_initializer"
            " random_uniform_initializer zeros_initializer"
        ),
        "strings": "as_string",
        "tape": "GradientTape UnconnectedGradients",
        "tensor": "Tensor",
        "tensor_array": "TensorArray",
        "variable": "Variable VariableAggregation VariableSynchronization",
    },
    "autodiff": {
        "forward": "ForwardAccumulator",
        "tape": "GradientTape",
    },
    "autograph": {
        "autograph.api": "set_verbosity to_code to_graph trace",
    },
    "autograph.experimental": {
        "autograph.experimental": "Feature do_not_convert set_loop_options",
    },
    "bitwise": {
        "bitwise": "bitwise_and bitwise_or bitwise_xor invert left_shift right_shift",
    },
    "config": {
        "devices": (
            "LogicalDevice PhysicalDevice get_visible_devices list_logical_devices"
            " list_physical_devices set_visible_devices"
        ),
        "functions": "functions_run_eagerly run_functions_eagerly",
    },
    "config.experimental": {
        "devices": (
            "get_visible_devices list_logical_devices list_physical_devices set_visible_devices"
        ),
    },
    "debugging": {
        "assertions": (
            "Assert assert_all_finite assert_equal assert_greater assert_greater_equal"
            " assert_integer assert_less assert_less_equal assert_near assert_negative"
            " assert_non_negative assert_non_positive assert_none_equal assert_positive"
            " assert_proper_iterable assert_same_float_dtype assert_type check_numerics"
            " is_numeric_tensor"
        ),
        "shape_assertions": (
            "assert_rank assert_rank_at_least assert_rank_in assert_scalar assert_shapes"
        ),
    },
    "dtypes": {
        "clipping": "saturate_cast",
        "convert": "cast",
        "dtypes": (
            "DType as_dtype bool:bool_ complex128 complex64 double float16 float32 float64 half"
            " int16 int32 int64 int8 string uint16 uint32 uint64 uint8"
        ),
        "elementwise": "complex",
        "saturation": "saturate_cast",
    },
    "errors": {
        "errors": (
            "ABORTED ALREADY_EXISTS AbortedError AlreadyExistsError CANCELLED CancelledError"
            " DATA_LOSS DEADLINE_EXCEEDED DataLossError DeadlineExceededError FAILED_PRECONDITION"
            " FailedPreconditionError INTERNAL INVALID_ARGUMENT InternalError InvalidArgumentError"
            " NOT_FOUND NotFoundError OK OUT_OF_RANGE OpError OperatorNotAllowedInGraphError"
            " OutOfRangeError PERMISSION_DENIED PermissionDeniedError RESOURCE_EXHAUSTED"
            " ResourceExhaustedError UNAUTHENTICATED UNAVAILABLE UNIMPLEMENTED UNKNOWN"
            " UnauthenticatedError UnavailableError UnimplementedError UnknownError"
        ),
    },
    "image": {
        "blocks": "extract_patches",
        "hues": "adjust_hue adjust_saturation hsv_to_rgb rgb_to_hsv",
        "pictures": (
            "adjust_brightness adjust_contrast adjust_gamma central_crop convert_image_dtype"
            " crop_to_bounding_box flip_left_right flip_up_down grayscale_to_rgb image_gradients"
            " pad_to_bounding_box per_image_standardization psnr resize_with_crop_or_pad"
            " rgb_to_grayscale rgb_to_yiq rgb_to_yuv rot90 sobel_edges total_variation transpose"
            " yiq_to_rgb yuv_to_rgb"
        ),
        "resizing": "ResizeMethod resize",
    },
    "keras": {
        "keras.layers": "Model Sequential",
    },
    "keras.activations": {
        "keras.activations": (
            "celu deserialize elu exponential gelu get hard_shrink hard_sigmoid hard_silu"
            " hard_swish:hard_silu hard_tanh leaky_relu linear log_sigmoid log_softmax mish relu"
            " relu6 selu serialize sigmoid silu soft_shrink softmax softplus softsign sparse_plus"
            " sparse_sigmoid squareplus swish:silu tanh tanh_shrink threshold"
        ),
    },
    "keras.initializers": {
        "keras.initializers": (
            "Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity"
            " IdentityInitializer:Identity Initializer LecunNormal LecunUniform Ones Orthogonal"
            " OrthogonalInitializer:Orthogonal RandomNormal RandomUniform TruncatedNormal"
            " VarianceScaling Zeros constant:Constant deserialize get glorot_normal:GlorotNormal"
            " glorot_uniform:GlorotUniform he_normal:HeNormal he_uniform:HeUniform"
            " identity:Identity lecun_normal:LecunNormal lecun_uniform:LecunUniform ones:Ones"
            " orthogonal:Orthogonal random_normal:RandomNormal random_uniform:RandomUniform"
            " serialize truncated_normal:TruncatedNormal variance_scaling:VarianceScaling"
            " zeros:Zeros"
        ),
    },
    "keras.layers": {
        "keras.layers": "Activation Dense Dropout Flatten Layer",
    },
    "keras.losses": {
        "keras.loss_classes": (
            "BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalHinge"
            " CosineSimilarity Hinge Huber KLDivergence LogCosh Loss MeanAbsoluteError"
            " MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError Poisson"
            " SparseCategoricalCrossentropy SquaredHinge deserialize get serialize"
        ),
        "keras.loss_functions": (
            "KLD:kl_divergence MAE:mean_absolute_error MAPE:mean_absolute_percentage_error"
            " MSE:mean_squared_error MSLE:mean_squared_logarithmic_error binary_crossentropy"
            " binary_focal_crossentropy categorical_crossentropy categorical_focal_crossentropy"
            " categorical_hinge cosine_similarity dice hinge huber kld:kl_divergence"
            " kullback_leibler_divergence:kl_divergence logcosh:log_cosh mae:mean_absolute_error"
            " mape:mean_absolute_percentage_error mse:mean_squared_error"
            " msle:mean_squared_logarithmic_error poisson sparse_categorical_crossentropy"
            " squared_hinge tversky"
        ),
    },
    "keras.metrics": {
        "keras.loss_functions": (
            "binary_crossentropy binary_focal_crossentropy categorical_crossentropy"
            " categorical_focal_crossentropy categorical_hinge hinge huber kld:kl_divergence"
            " kullback_leibler_divergence:kl_divergence logcosh:log_cosh mae:mean_absolute_error"
            " mape:mean_absolute_percentage_error mse:mean_squared_error"
            " msle:mean_squared_logarithmic_error poisson sparse_categorical_crossentropy"
            " squared_hinge"
        ),
        "keras.metric_classes": (
            "Accuracy BinaryAccuracy BinaryCrossentropy CategoricalAccuracy CategoricalCrossentropy"
            " CategoricalHinge CosineSimilarity Hinge KLDivergence LogCoshError Mean"
            " MeanAbsoluteError MeanAbsolutePercentageError MeanMetricWrapper MeanSquaredError"
            " MeanSquaredLogarithmicError Metric Poisson RootMeanSquaredError"
            " SparseCategoricalAccuracy SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy"
            " SquaredHinge Sum TopKCategoricalAccuracy"
        ),
        "keras.metric_counts": (
            "FalseNegatives FalsePositives Precision Recall TrueNegatives TruePositives"
        ),
        "keras.metric_finding": "deserialize get serialize",
        "keras.metric_functions": (
            "binary_accuracy categorical_accuracy sparse_categorical_accuracy"
            " sparse_top_k_categorical_accuracy top_k_categorical_accuracy"
        ),
    },
    "keras.optimizers": {
        "keras.optimizers.base": "Optimizer",
        "keras.optimizers.finding": "deserialize get serialize",
        "keras.optimizers.rules": "Adadelta Adagrad Adam AdamW Adamax Ftrl Lion Nadam RMSprop SGD",
    },
    "keras.optimizers.schedules": {
        "keras.optimizers.schedules": (
            "CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay LearningRateSchedule"
            " PiecewiseConstantDecay PolynomialDecay deserialize serialize"
        ),
    },
    "keras.utils": {
        "keras.utils": "normalize set_random_seed to_categorical",
    },
    "linalg": {
        "clipping": "global_norm",
        "creation": "eye",
        "diagonals": (
            "adjoint band_part diag diag_part matrix_transpose set_diag tensor_diag"
            " tensor_diag_part trace"
        ),
        "norms": "l2_normalize norm normalize",
        "products": "cross einsum matmul matvec tensordot",
        "solvers": (
            "banded_triangular_solve cholesky cholesky_solve det inv logdet lstsq lu"
            " lu_matrix_inverse lu_reconstruct lu_solve pinv slogdet solve triangular_solve"
            " tridiagonal_matmul tridiagonal_solve"
        ),
        "spectra": "eig eigh eigh_tridiagonal eigvals eigvalsh expm logm matrix_rank qr sqrtm svd",
    },
    "math": {
        "arithmetic": (
            "accumulate_n add add_n atan2 divide divide_no_nan floordiv floormod maximum minimum"
            " mod multiply multiply_no_nan nextafter polyval pow scalar_mul squared_difference"
            " subtract truediv xdivy xlog1py xlogy"
        ),
        "cross_entropies": "log_softmax softmax",
        "cumulative": "cumprod cumsum cumulative_logsumexp",
        "elementwise": (
            "abs acos acosh angle asin asinh atan atanh ceil conj cos cosh exp expm1 floor imag log"
            " log1p log_sigmoid negative real reciprocal reciprocal_no_nan rint round rsqrt sigmoid"
            " sign sin sinh softplus softsign sqrt square tan tanh"
        ),
        "gammas": (
            "betainc digamma erf erfc erfcinv erfinv igamma igammac lbeta lgamma ndtri polygamma"
            " sobol_sample zeta"
        ),
        "logic": (
            "equal greater greater_equal is_finite is_inf is_nan is_non_decreasing"
            " is_strictly_increasing less less_equal logical_and logical_not logical_or logical_xor"
            " not_equal"
        ),
        "norms": "l2_normalize",
        "reductions": (
            "argmax argmin count_nonzero reduce_all reduce_any reduce_euclidean_norm"
            " reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_std reduce_sum"
            " reduce_variance zero_fraction"
        ),
        "segments": (
            "bincount confusion_matrix segment_max segment_mean segment_min segment_prod"
            " segment_sum unsorted_segment_max unsorted_segment_mean unsorted_segment_min"
            " unsorted_segment_prod unsorted_segment_sqrt_n unsorted_segment_sum"
        ),
        "selection": "approx_max_k approx_min_k in_top_k invert_permutation top_k",
        "special_functions": "bessel_i0 bessel_i0e bessel_i1 bessel_i1e",
    },
    "math.special": {
        "special_functions": (
            "bessel_i0 bessel_i0e bessel_i1 bessel_i1e bessel_j0 bessel_j1 bessel_k0 bessel_k0e"
            " bessel_k1 bessel_k1e bessel_y0 bessel_y1 dawsn expint fresnel_cos fresnel_sin spence"
        ),
    },
    "nest": {
        "nest": "assert_same_structure flatten is_nested map_structure pack_sequence_as",
    },
    "nn": {
        "activations": "crelu elu gelu l2_loss leaky_relu relu relu6 selu silu swish",
        "blocks": "depth_to_space space_to_batch space_to_depth",
        "convolutions": (
            "atrous_conv2d atrous_conv2d_transpose conv1d conv1d_transpose conv2d conv2d_transpose"
            " conv3d conv3d_transpose conv_transpose convolution depthwise_conv2d separable_conv2d"
        ),
        "cross_entropies": (
            "log_poisson_loss log_softmax sigmoid_cross_entropy_with_logits softmax"
            " softmax_cross_entropy_with_logits sparse_softmax_cross_entropy_with_logits"
            " weighted_cross_entropy_with_logits"
        ),
        "dropping": "dropout",
        "elementwise": "sigmoid softplus softsign tanh",
        "embeddings": "embedding_lookup",
        "normalization": (
            "batch_norm_with_global_normalization batch_normalization bias_add compute_average_loss"
            " local_response_normalization lrn moments normalize_moments scale_regularization_loss"
            " sufficient_statistics weighted_moments"
        ),
        "norms": "l2_normalize",
        "pooling": (
            "avg_pool avg_pool1d avg_pool2d avg_pool3d max_pool max_pool1d max_pool2d max_pool3d"
            " max_pool_with_argmax pool"
        ),
        "reductions": "zero_fraction",
        "selection": "approx_max_k approx_min_k in_top_k top_k",
    },
    "nn.experimental": {
        "dropping": "general_dropout stateless_dropout",
    },
    "random": {
        "drawing": "categorical gamma normal poisson shuffle truncated_normal uniform",
        "generators": (
            "Algorithm Generator create_rng_state get_global_generator set_global_generator"
        ),
        "stateless": (
            "fold_in split stateless_binomial stateless_categorical stateless_gamma"
            " stateless_normal stateless_parameterized_truncated_normal stateless_poisson"
            " stateless_truncated_normal stateless_uniform"
        ),
        "streams": "set_seed",
    },
    "random.experimental": {
        "generators": (
            "Algorithm Generator create_rng_state get_global_generator set_global_generator"
        ),
        "stateless": "stateless_fold_in:fold_in stateless_shuffle stateless_split:split",
    },
    "signal": {
        "fourier": (
            "dct fft fft2d fft3d fftshift idct ifft ifft2d ifft3d ifftshift irfft irfft2d irfft3d"
            " rfft rfft2d rfft3d"
        ),
        "frames": (
            "frame hamming_window hann_window inverse_mdct inverse_stft inverse_stft_window_fn"
            " kaiser_bessel_derived_window kaiser_window linear_to_mel_weight_matrix mdct"
            " mfccs_from_log_mel_spectrograms overlap_and_add stft vorbis_window"
        ),
    },
    "strings": {
        "strings": (
            "as_string bytes_split format join length lower reduce_join regex_full_match"
            " regex_replace split strip substr to_number unsorted_segment_join upper"
        ),
        "unicode": "unicode_decode unicode_encode unicode_split unicode_transcode",
    },
    "test": {
        "devices": "gpu_device_name is_built_with_cuda is_built_with_gpu_support is_gpu_available",
    },
    "version": {
        "version": "VERSION",
    },
}
"""The names of each room, by the file under ``functrans/tf`` that has them."""

SAME = {
    "initializers": "keras.initializers",
    "losses": "keras.losses",
    "metrics": "keras.metrics",
    "optimizers": "keras.optimizers",
    "optimizers.schedules": "keras.optimizers.schedules",
}
"""Rooms that are others of another name."""

NAMES |= {room: NAMES[original] for room, original in SAME.items()}


_DOORS = frozenset({"functrans.tf", "functrans.tf.math"})
"""Rooms whose files define nothing of their own."""


def public(module: str, name: str) -> Any:
    """The value of a room's public name, found once; what ``__getattr__`` of a room returns."""
    if name == "__all__":
        return names(module)
    if name.startswith("__"):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    value = _value(_room(module), name)
    if module in _DOORS or not hasattr(builtins, name):  # which functions of other rooms use
        setattr(sys.modules[module], name, value)
    return value


def names(module: str) -> list[str]:
    """The public names of a room, and the rooms in it; what ``__dir__`` of a room returns."""
    room = _room(module)
    return sorted([*_homes(room), *_rooms_in(room)])


def _room(module: str) -> str:
    return module.removeprefix("functrans.tf").lstrip(".")


@cache
def _files(room: str) -> frozenset[str]:
    """Files of a room's folder: ``from room import file`` asks for the attribute first."""
    folder = Path(__file__).parent.joinpath(*room.split("."))
    return frozenset(path.stem for path in folder.iterdir()) if folder.is_dir() else frozenset()


def _value(room: str, name: str) -> Any:
    if name in _rooms_in(room):
        inner = f"{room}.{name}".lstrip(".")
        return import_module(f"functrans.tf.{SAME.get(inner, inner)}")
    home = _homes(room).get(name)
    if home is None and name in _files(room):
        raise AttributeError(f"{name!r} is a file, which the import system looks for next")
    if home is None:
        from functrans.tf.absent import absent  # for an error, whose data are not read before

        raise absent(room, name)
    file, own = home
    return getattr(import_module(f"functrans.tf.{file}"), own)


@cache
def _homes(room: str) -> dict[str, tuple[str, str]]:
    """The file and the name there of each public name."""
    found = {}
    for file, listed in NAMES[room].items():
        for entry in listed.split():
            name, _, own = entry.partition(":")
            found[name] = file, own or name
    return found


@cache
def _rooms_in(room: str) -> frozenset[str]:
    start = f"{room}." if room else ""
    inner = (other.removeprefix(start) for other in NAMES if other and other.startswith(start))
    return frozenset(other for other in inner if "." not in other)
