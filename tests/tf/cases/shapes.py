"""tf.TensorShape and tf.TensorSpec."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np

from tests.tf.oracle import Group, raised
from tests.tf.shorthand import lines

GROUP = Group("shapes")
case = GROUP.case

lines(
    GROUP,
    """
tf.TensorShape(None)
tf.TensorShape([2, None])
tf.TensorShape((2, 3))
tf.TensorShape([])
tf.TensorShape(3)
tf.TensorShape(np.int64(3))
tf.TensorShape([np.int64(3)])
tf.TensorShape(np.array([2, 3]))
tf.TensorShape(range(3))
tf.TensorShape({1: 2})
tf.TensorShape(tf.TensorShape([2]))
tf.TensorShape(c([2, 3]))
tf.TensorShape([c(2)])
tf.TensorShape("ab")
tf.TensorShape("2")
tf.TensorShape(["2"])  # Dimension value must be integer or None or have an __index__ method
tf.TensorShape([2.0])  # got value '2.0' with type '<class 'float'>'
tf.TensorShape(2.5)  # Dimension value must be integer or None
tf.TensorShape([[2]])  # Dimension value must be integer or None
tf.TensorShape([-1])  # Dimension -1 must be >= 0
isinstance(tf.TensorShape([2]), (list, tuple))
np.zeros(tf.TensorShape([2, 3])).shape
np.prod(tf.TensorShape([2, 3]))
sum(tf.TensorShape([2, 3]))
max(tf.TensorShape([2, 3]))
tf.TensorShape([2, 3]) * 2
tf.TensorShape([2]).index(2)
tf.zeros([2, 3]).shape
tf.zeros([2, 3]).shape == (2, 3)
tf.zeros([2, 3]).shape.as_list()
tf.zeros([2, 3]).shape[0]
tf.zeros([2, 3]).get_shape()
"%s" % tf.TensorShape([2, 3])
f"{tf.TensorShape([1])}"
[1] + tf.TensorShape([2])
(1,) + tf.TensorShape([2])
None + tf.TensorShape([2])
""",
)

SHAPES = {"unknown": None, "partial": [2, None], "full": [2, 3], "scalar": []}

WITH_EACH = {
    "repr": repr,
    "str": str,
    "as_list": lambda s: s.as_list(),
    "rank": lambda s: s.rank,
    "ndims": lambda s: s.ndims,
    "num_elements": lambda s: s.num_elements(),
    "is_fully_defined": lambda s: s.is_fully_defined(),
    "len": len,
    "bool": bool,
    "list": list,
    "tuple": tuple,
    "[0]": lambda s: s[0],
    "[-1]": lambda s: s[-1],
    "[5]": lambda s: s[5],
    "[:1]": lambda s: s[:1],
    "[1:]": lambda s: s[1:],
    "[::2]": lambda s: s[::2],
    "[-1:]": lambda s: s[-1:],
    "+ [4]": lambda s: s + FOUR,
    "+ (4,)": lambda s: s + tuple(FOUR),
    "+ None": lambda s: s + None,
    "concatenate 7": lambda s: s.concatenate(7),
    "equalities": lambda s: [s == other for other in OTHERS],
    "inequalities": lambda s: [s != other for other in OTHERS],
    "is_compatible_with": lambda s: [s.is_compatible_with(other) for other in SIMILAR],
    "assert_is_compatible_with": lambda s: s.assert_is_compatible_with([3, 3]),
    "assert_has_rank": lambda s: s.assert_has_rank(3),
    "assert_same_rank": lambda s: s.assert_same_rank([1]),
    "assert_is_fully_defined": lambda s: s.assert_is_fully_defined(),
    "merge_with": lambda s: [raised(lambda o=o: s.merge_with(o)) for o in SIMILAR],
    "with_rank": lambda s: [raised(lambda n=n: s.with_rank(n)) for n in (1, 2)],
    "with_rank_at_least": lambda s: [raised(lambda n=n: s.with_rank_at_least(n)) for n in (1, 3)],
    "with_rank_at_most": lambda s: [raised(lambda n=n: s.with_rank_at_most(n)) for n in (1, 3)],
    "most_specific": lambda s: [s.most_specific_compatible_shape(o) for o in SIMILAR],
    "is_subtype_of": lambda s: [s.is_subtype_of(type(s)(o)) for o in SIMILAR],
    "supertype": lambda s: s.most_specific_common_supertype([type(s)([2, 4])]),
    "pickled": lambda s: pickle.loads(pickle.dumps(s)),
    "copied": copy.deepcopy,
    "hash": lambda s: {s: 1}[type(s)(s)],
    "< [3]": lambda s: s < [3],
}
FOUR = [4]
OTHERS = ([2, 3], (2, 3), [2, None], None, [], "ab", 3)
SIMILAR = ([2, 3], [3, 3], [2], None)

for what, function in WITH_EACH.items():

    @case(f"of four shapes: {what}")
    def with_each(tf: Any, function: Any = function) -> Any:
        return {
            name: raised(lambda dims=dims: function(tf.TensorShape(dims)))
            for name, dims in SHAPES.items()
        }


MESSAGES = {
    "as_list() is not defined on an unknown TensorShape.": lambda s: s(None).as_list(),
    "Cannot iterate over a shape with unknown rank.": lambda s: list(s(None)),
    "Cannot take the length of shape with unknown rank.": lambda s: len(s(None)),
    "Shapes (2, 3) and [3, 3] are incompatible": lambda s: s([2, 3]).assert_is_compatible_with(
        [3, 3]
    ),
    "Shapes (2, 3) and (2,) are not compatible": lambda s: s([2, 3]).merge_with([2]),
    "Shape (2, None) must have rank 3": lambda s: s([2, None]).with_rank(3),
    "Shape () must have rank at least 1": lambda s: s([]).with_rank_at_least(1),
    "Shapes (2,) and (1, 2) must have the same rank": lambda s: s([2]).assert_same_rank([1, 2]),
    "Shape <unknown> is not fully defined": lambda s: s(None).assert_is_fully_defined(),
}
for message, broken in MESSAGES.items():
    case(f"says: {message}", lambda tf, broken=broken: broken(tf.TensorShape), says=message)

# TensorSpec


def spec(tf: Any) -> Any:
    return tf.TensorSpec([2, None], tf.float32, name="x")


lines(
    GROUP,
    """
repr(spec(tf))
str(tf.TensorSpec(None))
tf.TensorSpec([])
tf.TensorSpec(3)
tf.TensorSpec([2], "float64")
tf.TensorSpec([2], float)
tf.TensorSpec([2], np.int8)
tf.TensorSpec(tf.TensorShape([1]))
tf.TensorSpec([2], None)  # Cannot convert the argument `type_value`: None to a TensorFlow DType.
tf.TensorSpec(name="x")
[spec(tf).shape, spec(tf).dtype, spec(tf).name]
spec(tf).is_compatible_with(tf.ones([2, 5]))
spec(tf).is_compatible_with(tf.ones([3, 5]))
spec(tf).is_compatible_with(tf.ones([2, 5], tf.float64))
spec(tf).is_compatible_with(tf.TensorSpec([2, 3]))
spec(tf).is_compatible_with(np.ones((2, 5), "f"))
spec(tf).is_compatible_with(3.0)
tf.TensorSpec([1]).is_compatible_with(tf.Variable([1.0]))
tf.TensorSpec.from_tensor(tf.ones([2, 3]))
tf.TensorSpec.from_tensor(tf.ones([2, 3]), name="q")
tf.TensorSpec.from_tensor(1.0)  # `tensor` should be a tf.Tensor, but got type <class 'float'>.
tf.TensorSpec.from_tensor(np.ones(2))  # `tensor` should be a tf.Tensor
tf.TensorSpec.from_tensor(tf.Variable([1.0]))  # `tensor` should be a tf.Tensor
tf.TensorSpec.from_spec(spec(tf))
tf.TensorSpec.from_spec(spec(tf), name="y")
spec(tf) == tf.TensorSpec([2, None], tf.float32, name="x")
spec(tf) == tf.TensorSpec([2, None], tf.float32)
spec(tf) == 3
{spec(tf): 1}[spec(tf)]
pickle.loads(pickle.dumps(spec(tf)))
setattr(spec(tf), "name", "b")
spec(tf).most_specific_common_supertype([tf.TensorSpec([2, 4])])
spec(tf).most_specific_common_supertype([tf.TensorSpec([2, 4], tf.float32, "x")])
tf.TensorSpec([2, 4]).is_subtype_of(tf.TensorSpec([2, None]))
tf.TensorSpec([2, None]).is_subtype_of(tf.TensorSpec([2, 4]))
isinstance(spec(tf), tf.TypeSpec)
issubclass(type(tf.ones([])), spec(tf).value_type)
""",
    spec=spec,
    pickle=pickle,
)


@case
def a_shape_of_numpy_integers_holds_pythons(tf: Any) -> Any:
    return [type(n) for n in tf.TensorShape(np.array([2, 3]))]
