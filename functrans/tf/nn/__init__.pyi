"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.selection import approx_max_k as approx_max_k
from functrans.tf.selection import approx_min_k as approx_min_k
from functrans.tf.convolutions import atrous_conv2d as atrous_conv2d
from functrans.tf.convolutions import atrous_conv2d_transpose as atrous_conv2d_transpose
from functrans.tf.pooling import avg_pool as avg_pool
from functrans.tf.pooling import avg_pool1d as avg_pool1d
from functrans.tf.pooling import avg_pool2d as avg_pool2d
from functrans.tf.pooling import avg_pool3d as avg_pool3d
from functrans.tf.normalization import batch_norm_with_global_normalization as batch_norm_with_global_normalization
from functrans.tf.normalization import batch_normalization as batch_normalization
from functrans.tf.normalization import bias_add as bias_add
from functrans.tf.normalization import compute_average_loss as compute_average_loss
from functrans.tf.convolutions import conv1d as conv1d
from functrans.tf.convolutions import conv1d_transpose as conv1d_transpose
from functrans.tf.convolutions import conv2d as conv2d
from functrans.tf.convolutions import conv2d_transpose as conv2d_transpose
from functrans.tf.convolutions import conv3d as conv3d
from functrans.tf.convolutions import conv3d_transpose as conv3d_transpose
from functrans.tf.convolutions import conv_transpose as conv_transpose
from functrans.tf.convolutions import convolution as convolution
from functrans.tf.activations import crelu as crelu
from functrans.tf.blocks import depth_to_space as depth_to_space
from functrans.tf.convolutions import depthwise_conv2d as depthwise_conv2d
from functrans.tf.dropping import dropout as dropout
from functrans.tf.activations import elu as elu
from functrans.tf.embeddings import embedding_lookup as embedding_lookup
from functrans.tf.nn import experimental as experimental
from functrans.tf.activations import gelu as gelu
from functrans.tf.selection import in_top_k as in_top_k
from functrans.tf.activations import l2_loss as l2_loss
from functrans.tf.norms import l2_normalize as l2_normalize
from functrans.tf.activations import leaky_relu as leaky_relu
from functrans.tf.normalization import local_response_normalization as local_response_normalization
from functrans.tf.cross_entropies import log_poisson_loss as log_poisson_loss
from functrans.tf.cross_entropies import log_softmax as log_softmax
from functrans.tf.normalization import lrn as lrn
from functrans.tf.pooling import max_pool as max_pool
from functrans.tf.pooling import max_pool1d as max_pool1d
from functrans.tf.pooling import max_pool2d as max_pool2d
from functrans.tf.pooling import max_pool3d as max_pool3d
from functrans.tf.pooling import max_pool_with_argmax as max_pool_with_argmax
from functrans.tf.normalization import moments as moments
from functrans.tf.normalization import normalize_moments as normalize_moments
from functrans.tf.pooling import pool as pool
from functrans.tf.activations import relu as relu
from functrans.tf.activations import relu6 as relu6
from functrans.tf.normalization import scale_regularization_loss as scale_regularization_loss
from functrans.tf.activations import selu as selu
from functrans.tf.convolutions import separable_conv2d as separable_conv2d
from functrans.tf.elementwise import sigmoid as sigmoid
from functrans.tf.cross_entropies import sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits
from functrans.tf.activations import silu as silu
from functrans.tf.cross_entropies import softmax as softmax
from functrans.tf.cross_entropies import softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits
from functrans.tf.elementwise import softplus as softplus
from functrans.tf.elementwise import softsign as softsign
from functrans.tf.blocks import space_to_batch as space_to_batch
from functrans.tf.blocks import space_to_depth as space_to_depth
from functrans.tf.cross_entropies import sparse_softmax_cross_entropy_with_logits as sparse_softmax_cross_entropy_with_logits
from functrans.tf.normalization import sufficient_statistics as sufficient_statistics
from functrans.tf.activations import swish as swish
from functrans.tf.elementwise import tanh as tanh
from functrans.tf.selection import top_k as top_k
from functrans.tf.cross_entropies import weighted_cross_entropy_with_logits as weighted_cross_entropy_with_logits
from functrans.tf.normalization import weighted_moments as weighted_moments
from functrans.tf.reductions import zero_fraction as zero_fraction

__all__ = [
    "approx_max_k",
    "approx_min_k",
    "atrous_conv2d",
    "atrous_conv2d_transpose",
    "avg_pool",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm_with_global_normalization",
    "batch_normalization",
    "bias_add",
    "compute_average_loss",
    "conv1d",
    "conv1d_transpose",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "conv_transpose",
    "convolution",
    "crelu",
    "depth_to_space",
    "depthwise_conv2d",
    "dropout",
    "elu",
    "embedding_lookup",
    "experimental",
    "gelu",
    "in_top_k",
    "l2_loss",
    "l2_normalize",
    "leaky_relu",
    "local_response_normalization",
    "log_poisson_loss",
    "log_softmax",
    "lrn",
    "max_pool",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_pool_with_argmax",
    "moments",
    "normalize_moments",
    "pool",
    "relu",
    "relu6",
    "scale_regularization_loss",
    "selu",
    "separable_conv2d",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "silu",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softplus",
    "softsign",
    "space_to_batch",
    "space_to_depth",
    "sparse_softmax_cross_entropy_with_logits",
    "sufficient_statistics",
    "swish",
    "tanh",
    "top_k",
    "weighted_cross_entropy_with_logits",
    "weighted_moments",
    "zero_fraction",
]
