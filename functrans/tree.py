"""Pytrees: nested containers of arrays, flattened to a list of leaves and back.

Tuples, lists, dicts (by sorted key), named tuples, OrderedDict, defaultdict, deque and every
registered class are containers; None is an empty container; everything else is a leaf.

>>> from functrans import tree
>>> leaves, structure = tree.flatten({"b": [1, 2], "a": 3})
>>> leaves
[3, 1, 2]
>>> tree.unflatten(structure, ["x", "y", "z"])
{'a': 'x', 'b': ['y', 'z']}
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from functrans.errors import OptionError, TreeError

C = TypeVar("C", bound=type)


# --- key paths -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class SequenceKey:
    """The step ``[idx]`` into a list or tuple.

    >>> str(ft.tree.SequenceKey(2))
    '[2]'
    """

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx}]"


@dataclasses.dataclass(frozen=True, slots=True)
class DictKey:
    """The step ``[key]`` into a dict.

    >>> str(ft.tree.DictKey("w"))
    "['w']"
    """

    key: Hashable

    def __str__(self) -> str:
        return f"[{self.key!r}]"


@dataclasses.dataclass(frozen=True, slots=True)
class GetAttrKey:
    """The step ``.name`` into an object.

    >>> str(ft.tree.GetAttrKey("bias"))
    '.bias'
    """

    name: str

    def __str__(self) -> str:
        return f".{self.name}"


@dataclasses.dataclass(frozen=True, slots=True)
class FlattenedIndexKey:
    """The step to child ``key`` of a class that was registered without key paths.

    >>> str(ft.tree.FlattenedIndexKey(0))
    '[<flat index 0>]'
    """

    key: int

    def __str__(self) -> str:
        return f"[<flat index {self.key}>]"


KeyPath = tuple[Any, ...]


def keystr(path: KeyPath) -> str:
    """A key path as Python would write it.

    >>> keystr((DictKey("w"), SequenceKey(0)))
    "['w'][0]"
    """
    return "".join(str(key) for key in path)


# --- the registry --------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class _Container:
    flatten: Callable[[Any], tuple[Sequence[Any], Any]]  # -> children, aux
    unflatten: Callable[[Any, Sequence[Any]], Any]  # aux, children
    keys: Callable[[Any, int], Sequence[Any]] | None = None  # object, count -> keys


def _sequence_keys(_: Any, count: int) -> Sequence[Any]:
    return [SequenceKey(i) for i in range(count)]


def _sorted_keys(d: dict[Any, Any]) -> list[Any]:
    try:
        return sorted(d)
    except TypeError:  # keys of several types have no order: keep the dict's own
        return list(d)


def _flatten_dict(d: dict[Any, Any]) -> tuple[list[Any], tuple[Any, ...]]:
    keys = _sorted_keys(d)
    return [d[k] for k in keys], tuple(keys)


def _flatten_ordered(d: dict[Any, Any]) -> tuple[list[Any], tuple[Any, ...]]:
    return list(d.values()), tuple(d)


def _flatten_defaultdict(d: defaultdict[Any, Any]) -> tuple[list[Any], Any]:
    children, keys = _flatten_dict(d)
    return children, (d.default_factory, keys)


_registry: dict[type, _Container] = {
    tuple: _Container(lambda x: (x, None), lambda _, c: tuple(c), _sequence_keys),
    list: _Container(lambda x: (x, None), lambda _, c: list(c), _sequence_keys),
    dict: _Container(
        _flatten_dict,
        lambda keys, c: dict(zip(keys, c, strict=True)),
        lambda d, _: [DictKey(k) for k in _sorted_keys(d)],
    ),
    OrderedDict: _Container(
        _flatten_ordered,
        lambda keys, c: OrderedDict(zip(keys, c, strict=True)),
        lambda d, _: [DictKey(k) for k in d],
    ),
    defaultdict: _Container(
        _flatten_defaultdict,
        lambda aux, c: defaultdict(aux[0], zip(aux[1], c, strict=True)),
        lambda d, _: [DictKey(k) for k in _sorted_keys(d)],
    ),
    deque: _Container(
        lambda x: (list(x), x.maxlen), lambda n, c: deque(c, maxlen=n), _sequence_keys
    ),
    type(None): _Container(lambda x: ((), None), lambda _, c: None, lambda x, n: ()),
}


def _named_tuple(cls: type) -> _Container:
    fields = cls._fields  # type: ignore[attr-defined]
    return _Container(
        lambda x: (x, None),
        lambda _, c: cls(*c),
        lambda x, n: [GetAttrKey(f) for f in fields],
    )


def _container(x: Any) -> _Container | None:
    cls = type(x)
    found = _registry.get(cls)
    if found is None and isinstance(x, tuple) and hasattr(cls, "_fields"):
        found = _registry[cls] = _named_tuple(cls)
    return found


def _register(cls: type, container: _Container) -> None:
    if cls in _registry:
        raise OptionError(f"{cls.__name__} is registered as a pytree already.")
    _registry[cls] = container


def register_pytree_node(
    cls: type,
    flatten_func: Callable[[Any], tuple[Iterable[Any], Hashable]],
    unflatten_func: Callable[[Any, Sequence[Any]], Any],
) -> None:
    """Make a class a container: ``flatten_func(x) -> (children, aux)`` and back.

    ``aux`` is hashable and comparable. ``unflatten_func(aux, children)`` must accept children of
    any kind, since transforms put placeholders there.

    Raises OptionError for a class that is registered already.

    >>> class Pair:
    ...     def __init__(self, first, second):
    ...         self.first, self.second = first, second
    >>> ft.tree.register_pytree_node(
    ...     Pair, lambda p: ((p.first, p.second), None), lambda _, children: Pair(*children)
    ... )
    >>> ft.tree.leaves([Pair(1, 2), 3])
    [1, 2, 3]
    """

    def flatten_node(x: Any) -> tuple[Sequence[Any], Any]:
        children, aux = flatten_func(x)
        return tuple(children), aux

    _register(cls, _Container(flatten_node, unflatten_func))


def register_pytree_with_keys(
    cls: type,
    flatten_with_keys: Callable[[Any], tuple[Iterable[tuple[Any, Any]], Hashable]],
    unflatten_func: Callable[[Any, Sequence[Any]], Any],
    flatten_func: Callable[[Any], tuple[Iterable[Any], Hashable]] | None = None,
) -> None:
    """As :func:`register_pytree_node`, with a key for every child: ``((key, child), …), aux``.

    >>> class Line:
    ...     def __init__(self, slope):
    ...         self.slope = slope
    >>> ft.tree.register_pytree_with_keys(
    ...     Line,
    ...     lambda line: (((ft.tree.GetAttrKey("slope"), line.slope),), None),
    ...     lambda _, children: Line(*children),
    ... )
    >>> [ft.tree.keystr(path) for path, _ in ft.tree.leaves_with_path(Line(2.0))]
    ['.slope']
    """

    def flatten_node(x: Any) -> tuple[Sequence[Any], Any]:
        if flatten_func is not None:
            children, aux = flatten_func(x)
            return tuple(children), aux
        pairs, aux = flatten_with_keys(x)
        return tuple(child for _, child in pairs), aux

    def keys(x: Any, _: int) -> Sequence[Any]:
        return [key for key, _ in flatten_with_keys(x)[0]]

    _register(cls, _Container(flatten_node, unflatten_func, keys))


def register_pytree_node_class(cls: C) -> C:
    """Class decorator: the class has ``tree_flatten(self)`` and ``tree_unflatten(cls, aux, c)``.

    >>> @ft.tree.register_pytree_node_class
    ... class Box:
    ...     def __init__(self, content):
    ...         self.content = content
    ...     def tree_flatten(self):
    ...         return (self.content,), None
    ...     @classmethod
    ...     def tree_unflatten(cls, aux, children):
    ...         return cls(*children)
    >>> ft.grad(lambda box: box.content ** 2)(Box(3.0)).content
    np.float64(6.0)
    """
    register_pytree_node(cls, lambda x: x.tree_flatten(), cls.tree_unflatten)  # type: ignore[attr-defined]
    return cls


def register_pytree_with_keys_class(cls: C) -> C:
    """Class decorator: the class has ``tree_flatten_with_keys`` and ``tree_unflatten``.

    >>> @ft.tree.register_pytree_with_keys_class
    ... class Crate:
    ...     def __init__(self, content):
    ...         self.content = content
    ...     def tree_flatten_with_keys(self):
    ...         return ((ft.tree.GetAttrKey("content"), self.content),), None
    ...     @classmethod
    ...     def tree_unflatten(cls, aux, children):
    ...         return cls(*children)
    >>> ft.tree.keystr(ft.tree.leaves_with_path(Crate(1))[0][0])
    '.content'
    """
    register_pytree_with_keys(
        cls,
        lambda x: x.tree_flatten_with_keys(),
        cls.tree_unflatten,  # type: ignore[attr-defined]
    )
    return cls


def register_dataclass(
    cls: C,
    data_fields: Sequence[str] | None = None,
    meta_fields: Sequence[str] | None = None,
) -> C:
    """Make a dataclass a container of its ``data_fields``; ``meta_fields`` are static.

    Without lists, every field is data unless its metadata says ``static=True``.

    Raises OptionError for a class that is registered already.

    >>> from dataclasses import dataclass, field
    >>> @ft.tree.register_dataclass
    ... @dataclass
    ... class Layer:
    ...     weight: float
    ...     name: str = field(metadata={"static": True})
    >>> ft.grad(lambda layer: layer.weight**2)(Layer(3.0, "first"))
    Layer(weight=np.float64(6.0), name='first')
    """
    if data_fields is None or meta_fields is None:
        fields = [f for f in dataclasses.fields(cls) if f.init]
        meta_fields = [f.name for f in fields if f.metadata.get("static", False)]
        data_fields = [f.name for f in fields if f.name not in meta_fields]
    data, meta = tuple(data_fields), tuple(meta_fields)

    def flatten_node(x: Any) -> tuple[Sequence[Any], Any]:
        return tuple(getattr(x, f) for f in data), tuple(getattr(x, f) for f in meta)

    def unflatten_node(aux: Any, children: Sequence[Any]) -> Any:
        return cls(**dict(zip(data, children, strict=True)), **dict(zip(meta, aux, strict=True)))

    _register(
        cls,
        _Container(flatten_node, unflatten_node, lambda x, n: [GetAttrKey(f) for f in data]),
    )
    return cls


def register_static(cls: C) -> C:
    """Make a hashable class an empty container: its objects are part of the structure.

    >>> @ft.tree.register_static
    ... class Mode(str):
    ...     pass
    >>> ft.tree.leaves([Mode("fast"), 1.0])
    [1.0]
    """
    _register(cls, _Container(lambda x: ((), x), lambda aux, c: aux, lambda x, n: ()))
    return cls


# --- structures ----------------------------------------------------------------------------------


class PyTreeDef:
    """The structure of a tree: hashable, comparable, printed like the tree with ``*`` leaves.

    >>> ft.tree.structure({"w": [1, 2], "b": None})
    PyTreeDef({'b': None, 'w': [*, *]})
    """

    __slots__ = ("_hash", "aux", "children", "num_leaves", "type")

    def __init__(
        self, type_: type | None, aux: Any, children: tuple[PyTreeDef, ...], num_leaves: int
    ) -> None:
        self.type = type_
        self.aux = aux
        self.children = children
        self.num_leaves = num_leaves
        self._hash: int | None = None

    @property
    def num_nodes(self) -> int:
        """The number of leaves and containers."""
        return 1 + sum(c.num_nodes for c in self.children)

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """The tree with these leaves."""
        return unflatten(self, leaves)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, PyTreeDef)
            and self.type is other.type
            and self.num_leaves == other.num_leaves
            and self.aux == other.aux
            and self.children == other.children
        )

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self.type, self.aux, self.children))
        return self._hash

    def __str__(self) -> str:
        if self.type is None:
            return "*"
        inner = [str(c) for c in self.children]
        if self.type is type(None):
            return "None"
        if self.type is tuple:
            return f"({', '.join(inner)}{',' if len(inner) == 1 else ''})"
        if self.type is list:
            return f"[{', '.join(inner)}]"
        if self.type is dict:
            pairs = zip(self.aux, inner, strict=True)
            return "{" + ", ".join(f"{k!r}: {v}" for k, v in pairs) + "}"
        return f"{self.type.__name__}({', '.join(inner)})"

    def __repr__(self) -> str:
        return f"PyTreeDef({self})"


LEAF = PyTreeDef(None, None, (), 1)
_NONE = PyTreeDef(type(None), None, (), 0)
IsLeaf = Callable[[Any], bool] | None


def flatten(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[Any], PyTreeDef]:
    """The leaves of a tree in order, and its structure.

    ``is_leaf(x)`` true stops at x. Keys of a dict come sorted.

    >>> ft.tree.flatten({"b": 2, "a": (1, None)})
    ([1, 2], PyTreeDef({'a': (*, None), 'b': *}))
    """
    leaves: list[Any] = []
    return leaves, _flatten_into(tree, leaves, is_leaf)


def _flatten_into(tree: Any, leaves: list[Any], is_leaf: IsLeaf) -> PyTreeDef:
    if is_leaf is not None and is_leaf(tree):
        leaves.append(tree)
        return LEAF
    cls = type(tree)
    if cls is tuple or cls is list:  # the most frequent containers, without detours
        children, aux = tree, None
    elif tree is None:
        return _NONE
    else:
        container = _registry.get(cls) or _container(tree)
        if container is None:
            leaves.append(tree)
            return LEAF
        children, aux = container.flatten(tree)
    before = len(leaves)
    found = [_flatten_into(c, leaves, is_leaf) for c in children]
    return PyTreeDef(cls, aux, tuple(found), len(leaves) - before)


def unflatten(structure: PyTreeDef, leaves: Iterable[Any]) -> Any:
    """The tree of this structure with these leaves.

    Raises TreeError where the number of leaves differs.

    >>> ft.tree.unflatten(ft.tree.structure({"a": 0, "b": [0]}), "xy")
    {'a': 'x', 'b': ['y']}
    """
    leaves = list(leaves)
    if len(leaves) != structure.num_leaves:
        raise TreeError(f"{structure} has {structure.num_leaves} leaves, not {len(leaves)}.")
    return _build(structure, iter(leaves))


def _build(structure: PyTreeDef, leaves: Iterator[Any]) -> Any:
    if structure.type is None:
        return next(leaves)
    children = [_build(c, leaves) for c in structure.children]
    return _registry[structure.type].unflatten(structure.aux, children)


def leaves(tree: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """The leaves of a tree in order.

    >>> ft.tree.leaves({"b": 2, "a": (1, None)})
    [1, 2]
    """
    return flatten(tree, is_leaf)[0]


def structure(tree: Any, is_leaf: IsLeaf = None) -> PyTreeDef:
    """The structure of a tree.

    >>> ft.tree.structure([0, (1, 2)])
    PyTreeDef([*, (*, *)])
    """
    return flatten(tree, is_leaf)[1]


def flatten_up_to(outer: PyTreeDef, tree: Any, path: KeyPath = ()) -> list[Any]:
    """The subtrees of ``tree`` at the leaves of ``outer``, which must be a prefix of it.

    Raises TreeError, with the path, where it is not.

    >>> ft.tree.flatten_up_to(ft.tree.structure([0, 0]), [(1, 2), 3])
    [(1, 2), 3]
    """
    if outer.type is None:
        return [tree]
    container = _container(tree)
    if container is None or type(tree) is not outer.type:
        raise _mismatch(outer, tree, path)
    children, aux = container.flatten(tree)
    if aux != outer.aux or len(children) != len(outer.children):
        raise _mismatch(outer, tree, path)
    keys = _keys(container, tree, len(children))
    return [
        leaf
        for key, sub, child in zip(keys, outer.children, children, strict=True)
        for leaf in flatten_up_to(sub, child, (*path, key))
    ]


def _mismatch(outer: PyTreeDef, tree: Any, path: KeyPath) -> TreeError:
    where = f" at {keystr(path)}" if path else ""
    return TreeError(
        f"Trees differ in structure{where}: {outer} on one side, {structure(tree)} on the other.",
        "Give both trees the same containers with the same keys and lengths.",
    )


def map_(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf = None) -> Any:
    """``f`` applied to every leaf; ``tree``'s structure is a prefix of the others'.

    >>> map_(lambda x, y: x + y, {"a": 1}, {"a": 10})
    {'a': 11}
    """
    flat, outer = flatten(tree, is_leaf)
    others = [flatten_up_to(outer, r) for r in rest]
    return _build(outer, iter([f(*xs) for xs in zip(flat, *others, strict=True)]))


def reduce(f: Callable[[Any, Any], Any], tree: Any, *initial: Any, is_leaf: IsLeaf = None) -> Any:
    """Fold the leaves from the left.

    >>> ft.tree.reduce(lambda total, x: total + x, {"a": 1, "b": [2, 3]}, 10)
    16
    """
    return functools.reduce(f, leaves(tree, is_leaf), *initial)


def all_(tree: Any, is_leaf: IsLeaf = None) -> bool:
    """Whether all leaves are true.

    >>> ft.tree.all({"a": True, "b": [True, False]})
    False
    """
    return builtins.all(leaves(tree, is_leaf))


def transpose(outer: PyTreeDef, inner: PyTreeDef | None, tree: Any) -> Any:
    """A tree of structure ``outer`` of trees of structure ``inner``, turned inside out.

    Without ``inner`` the first subtree says what it is.

    >>> outer, inner = ft.tree.structure([0, 0]), ft.tree.structure({"a": 0})
    >>> ft.tree.transpose(outer, inner, [{"a": 1}, {"a": 2}])
    {'a': [1, 2]}
    """
    subtrees = flatten_up_to(outer, tree)
    inner = structure(subtrees[0]) if inner is None else inner
    rows = [flatten_up_to(inner, s) for s in subtrees]
    return unflatten(inner, [unflatten(outer, column) for column in zip(*rows, strict=True)])


def _keys(container: _Container, tree: Any, count: int) -> Sequence[Any]:
    if container.keys is None:
        return [FlattenedIndexKey(i) for i in range(count)]
    return container.keys(tree, count)


def leaves_with_path(tree: Any, is_leaf: IsLeaf = None) -> list[tuple[KeyPath, Any]]:
    """Pairs of key path and leaf.

    >>> [(ft.tree.keystr(path), leaf) for path, leaf in ft.tree.leaves_with_path({"w": [5, 6]})]
    [("['w'][0]", 5), ("['w'][1]", 6)]
    """
    found: list[tuple[KeyPath, Any]] = []

    def visit(x: Any, path: KeyPath) -> None:
        container = None if is_leaf is not None and is_leaf(x) else _container(x)
        if container is None:
            found.append((path, x))
            return
        children, _ = container.flatten(x)
        for key, child in zip(_keys(container, x, len(children)), children, strict=True):
            visit(child, (*path, key))

    visit(tree, ())
    return found


def flatten_with_path(
    tree: Any, is_leaf: IsLeaf = None
) -> tuple[list[tuple[KeyPath, Any]], PyTreeDef]:
    """Pairs of key path and leaf, and the structure.

    >>> pairs, structure = ft.tree.flatten_with_path({"w": 5})
    >>> pairs, structure
    ([((DictKey(key='w'),), 5)], PyTreeDef({'w': *}))
    """
    return leaves_with_path(tree, is_leaf), structure(tree, is_leaf)


def map_with_path(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf = None) -> Any:
    """``f(path, leaf, …)`` for every leaf.

    >>> ft.tree.map_with_path(lambda path, x: f"{ft.tree.keystr(path)}={x}", {"w": [5, 6]})
    {'w': ["['w'][0]=5", "['w'][1]=6"]}
    """
    pairs, outer = flatten_with_path(tree, is_leaf)
    others = [flatten_up_to(outer, r) for r in rest]
    paths, flat = [p for p, _ in pairs], [x for _, x in pairs]
    return _build(outer, iter([f(*xs) for xs in zip(paths, flat, *others, strict=True)]))


def broadcast_prefix(prefix: Any, full: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """The leaves of ``prefix``, each repeated for every leaf of ``full`` below it.

    >>> ft.tree.broadcast_prefix((0, None), ({"a": 1, "b": 2}, None))
    [0, 0]
    """
    flat, outer = flatten(prefix, is_leaf)
    subtrees = flatten_up_to(outer, full)
    return [
        value
        for value, sub in zip(flat, subtrees, strict=True)
        for _ in range(structure(sub).num_leaves)
    ]


def broadcast(prefix: Any, full: Any, is_leaf: IsLeaf = None) -> Any:
    """``prefix`` repeated to the structure of ``full``.

    >>> ft.tree.broadcast((0, 1), ({"a": 5, "b": 6}, 7))
    ({'a': 0, 'b': 0}, 1)
    """
    return unflatten(structure(full), broadcast_prefix(prefix, full, is_leaf))


def all_leaves(xs: Iterable[Any], is_leaf: IsLeaf = None) -> bool:
    """Whether every element is a leaf.

    >>> ft.tree.all_leaves([1, 2.0]), ft.tree.all_leaves([1, (2,)])
    (True, False)
    """
    return builtins.all(structure(x, is_leaf).type is None for x in xs)


def treedef_is_leaf(treedef: PyTreeDef) -> bool:
    """Whether this is the structure of a single leaf.

    >>> ft.tree.treedef_is_leaf(ft.tree.structure(1.0))
    True
    """
    return treedef.type is None


def treedef_children(treedef: PyTreeDef) -> list[PyTreeDef]:
    """The structures of the children of the outermost container.

    >>> ft.tree.treedef_children(ft.tree.structure([0, (1, 2)]))
    [PyTreeDef(*), PyTreeDef((*, *))]
    """
    return list(treedef.children)


def treedef_tuple(treedefs: Iterable[PyTreeDef]) -> PyTreeDef:
    """The structure of a tuple of trees of these structures.

    >>> ft.tree.treedef_tuple([ft.tree.structure(0), ft.tree.structure([1])])
    PyTreeDef((*, [*]))
    """
    children = tuple(treedefs)
    return PyTreeDef(tuple, None, children, sum(c.num_leaves for c in children))


class Partial(functools.partial):  # type: ignore[type-arg]
    """``functools.partial`` as a container of its arguments; the function is static.

    It passes through every transform, where a plain partial would be a leaf.

    >>> scale = ft.tree.Partial(lambda factor, x: factor * x, 3.0)
    >>> ft.jit(lambda f, x: f(x))(scale, 2.0)
    np.float64(6.0)
    """

    # Nothing to do: help and editors read the parameters here.
    def __init__(self, func: Callable[..., Any], /, *args: Any, **keywords: Any) -> None:
        super().__init__()


_register(
    Partial,
    _Container(
        lambda p: ((p.args, p.keywords), p.func),
        lambda func, c: Partial(func, *c[0], **c[1]),
        lambda p, n: [GetAttrKey("args"), GetAttrKey("keywords")],
    ),
)

# The short public names; inside this module the built-in ones are meant.
map = map_
all = all_
