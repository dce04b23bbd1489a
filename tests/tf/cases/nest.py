"""tf.nest."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from tests.tf.oracle import Group
from tests.tf.shorthand import lines

GROUP = Group("nest")
case = GROUP.case

Pair = namedtuple("Pair", "b a")  # a plain one, as users write it


@dataclass
class Data:
    x: int


@dataclass
class Masked:
    """A class that says itself what is in it."""

    mask: Any
    value: Any

    def __tf_flatten__(self) -> Any:
        return (self.mask,), (self.value,)

    @classmethod
    def __tf_unflatten__(cls, metadata: Any, components: Any) -> Masked:
        return cls(metadata[0], components[0])


class Fields:
    """What classes of the package attrs have, which need not be installed."""

    __attrs_attrs__ = (SimpleNamespace(name="y"), SimpleNamespace(name="x"))

    def __init__(self, y: Any, x: Any) -> None:
        self.y, self.x = y, x

    def __repr__(self) -> str:
        return f"Fields({self.y}, {self.x})"


class List(list[Any]):
    pass


class Dict(dict[Any, Any]):
    pass


STRUCTURES = """
1
None
"ab"
b"ab"
[1, 2]
(1, 2)
{"b": 1, "a": 2}
OrderedDict([("b", 1), ("a", 2)])
defaultdict(int, {"b": 1, "a": 2})
Pair(1, 2)
[]
()
{}
[[]]
[1, [2, (3, {"z": 4, "y": 5})]]
range(3)
np.array([1, 2])
np.float32(1)
c([1, 2])
tf.Variable(1.0)
List([1])
Dict(a=1)
{2: 1, 1: 2}
{1: 2, "a": 3}
{"b": 1, "a": 3}.keys()
{"b": 1, "a": 3}.values()
{"b": 1, "a": 3}.items()
bytearray(b"a")
tf.TensorShape([1, 2])
tf.TensorSpec([1])
[None]
""".strip().splitlines()

NAMES = {
    "Pair": Pair,
    "Data": Data,
    "Masked": Masked,
    "Fields": Fields,
    "List": List,
    "Dict": Dict,
    "OrderedDict": OrderedDict,
    "defaultdict": defaultdict,
    "deque": deque,
}

for text in STRUCTURES:
    lines(GROUP, f"tf.nest.flatten({text})\ntf.nest.is_nested({text})", **NAMES)

lines(
    GROUP,
    """
tf.nest.is_nested({1})
tf.nest.is_nested(Data(1))
tf.nest.is_nested([Masked, Masked(True, 1), Fields(1, 2)])
tf.nest.flatten([Masked(True, [1, 2]), Fields([3], {"k": 4})])
repr(tf.nest.map_structure(str, [Masked(True, [1, 2]), Fields([3], {"k": 4})]))
repr(tf.nest.map_structure(lambda x, y: x + y, Masked(True, 1), Masked(False, 2)))
repr(tf.nest.pack_sequence_as(Fields(1, 2), [3, 4]))
tf.nest.assert_same_structure(Fields(1, 2), (1, 2))  # Fields(., .)
tf.nest.assert_same_structure(Masked(True, 1), [1])  # Masked(mask=True, value=.)
tf.nest.is_nested(iter([1]))
tf.nest.is_nested(zip([1]))
tf.nest.is_nested(deque([1]))
tf.nest.flatten(deque([1, 2]))
repr(tf.nest.map_structure(str, {"b": 1, "a": [2, (3,)]}))
list(tf.nest.map_structure(str, OrderedDict([("b", 1), ("a", 2)])).items())
repr(tf.nest.map_structure(str, defaultdict(int, {"b": 1, "a": 2})))
repr(tf.nest.map_structure(str, Pair(1, 2)))
repr(tf.nest.map_structure(str, deque([1, 2])))
repr(tf.nest.map_structure(str, range(2)))
repr(tf.nest.map_structure(str, {"b": 1, "a": 3}.items()))
repr(tf.nest.map_structure(str, {"b": 1, "a": 3}.keys()))
repr(tf.nest.map_structure(lambda x: None, [1, 2]))
tf.nest.map_structure(str, 1)
tf.nest.map_structure(lambda x: x * 2.0, {"a": c(1.0), "b": [c([2.0])]})
tf.nest.map_structure(lambda x, y: x + y, [1, 2], [3, 4])
tf.nest.map_structure(lambda x, y: x + y, [1, 2], (3, 4), check_types=False)
tf.nest.map_structure(lambda x, y: x + y, [1, 2], (3, 4))  # type=list str=[1, 2] has type list,
tf.nest.map_structure(lambda x, y: x + y, [1, 2], [3])  # The two structures don't have the same
tf.nest.map_structure(lambda x, y: x + y, 1, [2])  # Substructure "type=list str=[2]" is a sequence
tf.nest.map_structure(lambda x, y: x + y, {"b": 1, "a": 2}, {"a": 2, "b": 3})
tf.nest.map_structure(lambda x, y: x + y, {"a": 1}, {"b": 2})  # have the same set of keys
tf.nest.map_structure(lambda x, y: x + y, Pair(1, 2), Pair(3, 4))
tf.nest.map_structure(lambda x, y: x + y, Pair(1, 2), (3, 4))
tf.nest.map_structure(lambda x, y, z: x + y + z, [1], [2], [3])
tf.nest.map_structure(lambda x: x)  # Must provide at least one structure
tf.nest.map_structure(3, [1])  # func must be callable, got: 3
tf.nest.map_structure(lambda x: x, [1], foo=2)  # Only valid keyword arguments are `check_types`
tf.nest.pack_sequence_as([1, 2], (3, 4))
tf.nest.pack_sequence_as({"b": 1, "a": 2}, [3, 4])
tf.nest.pack_sequence_as([1, [2]], [3, 4])
tf.nest.pack_sequence_as(Pair(1, 2), [3, 4])
tf.nest.pack_sequence_as(1, [3])
tf.nest.pack_sequence_as("a", [3])
tf.nest.pack_sequence_as([], [])
tf.nest.pack_sequence_as([1, 2], [3])  # Structure had 2 atoms, but flat_sequence had 1 items.
tf.nest.pack_sequence_as([1, 2], [3, 4, 5])  # Structure had 2 atoms, but flat_sequence had 3 items.
tf.nest.pack_sequence_as(1, [3, 4])  # nest cannot guarantee that it is safe
tf.nest.pack_sequence_as([1, 2], 3)  # into a structure, but found incompatible type `<class 'int'>`
tf.nest.pack_sequence_as([1], c([3]))  # into a structure, but found incompatible type
tf.nest.pack_sequence_as({"b": 1, 1: 2}, [1, 2])  # nest only supports dicts with sortable keys.
tf.nest.assert_same_structure([1, 2], [3, 4])
tf.nest.assert_same_structure([1, 2], (3, 4))
tf.nest.assert_same_structure([1, 2], (3, 4), check_types=False)
tf.nest.assert_same_structure([1, [2]], [3, 4])  # The two structures don't have the same nested
tf.nest.assert_same_structure(1, 2)
tf.nest.assert_same_structure([1], 2)
tf.nest.assert_same_structure({"a": 1}, OrderedDict(a=1))
tf.nest.assert_same_structure({"a": [1]}, {"a": (1,)})
tf.nest.assert_same_structure([], ())
tf.nest.assert_same_structure([1], List([1]))
tf.nest.assert_same_structure(None, [None])
tf.nest.assert_same_structure((1, (2, 3)), (1, (2,)))  # (., (., .))
tf.nest.assert_same_structure(c([1, 2]), [1, 2])
""",
    **NAMES,
)


@case
def slices_expand_to_their_tensors(tf: Any) -> Any:
    slices = tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]), tf.constant([3]))
    alone = tf.nest.flatten(slices)
    return [len(alone), tf.nest.flatten([slices], expand_composites=True)]


@case
def slices_are_rebuilt_of_their_tensors(tf: Any) -> Any:
    slices = tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]), tf.constant([3]))
    return tf.nest.map_structure(lambda x: x + x, [slices], expand_composites=True)
