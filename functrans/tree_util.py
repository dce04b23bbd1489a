"""JAX's long names for the functions of :mod:`functrans.tree`."""

from functrans.tree import (
    DictKey,
    FlattenedIndexKey,
    GetAttrKey,
    KeyPath,
    Partial,
    PyTreeDef,
    SequenceKey,
    all_leaves,
    keystr,
    register_dataclass,
    register_pytree_node,
    register_pytree_node_class,
    register_pytree_with_keys,
    register_pytree_with_keys_class,
    register_static,
    treedef_children,
    treedef_is_leaf,
    treedef_tuple,
)
from functrans.tree import all_ as tree_all
from functrans.tree import broadcast as tree_broadcast
from functrans.tree import flatten as tree_flatten
from functrans.tree import flatten_with_path as tree_flatten_with_path
from functrans.tree import leaves as tree_leaves
from functrans.tree import leaves_with_path as tree_leaves_with_path
from functrans.tree import map_ as tree_map
from functrans.tree import map_with_path as tree_map_with_path
from functrans.tree import reduce as tree_reduce
from functrans.tree import structure as tree_structure
from functrans.tree import transpose as tree_transpose
from functrans.tree import unflatten as tree_unflatten

__all__ = [
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "KeyPath",
    "Partial",
    "PyTreeDef",
    "SequenceKey",
    "all_leaves",
    "keystr",
    "register_dataclass",
    "register_pytree_node",
    "register_pytree_node_class",
    "register_pytree_with_keys",
    "register_pytree_with_keys_class",
    "register_static",
    "tree_all",
    "tree_broadcast",
    "tree_flatten",
    "tree_flatten_with_path",
    "tree_leaves",
    "tree_leaves_with_path",
    "tree_map",
    "tree_map_with_path",
    "tree_reduce",
    "tree_structure",
    "tree_transpose",
    "tree_unflatten",
    "treedef_children",
    "treedef_is_leaf",
    "treedef_tuple",
]
