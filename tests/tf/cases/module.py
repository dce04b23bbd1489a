"""tf.Module: its name, its variables and those of what it holds."""

from __future__ import annotations

from typing import Any

from tests.tf.oracle import Group, raised
from tests.tf.shorthand import matrix

GROUP = Group("module")
case = GROUP.case


def dense(tf: Any) -> Any:
    class Dense(tf.Module):
        def __init__(self, inputs: int, outputs: int, name: str | None = None) -> None:
            super().__init__(name=name)
            self.w = tf.Variable(tf.ones([inputs, outputs]), name="w")
            self.b = tf.Variable(tf.zeros([outputs]), name="b")

        def __call__(self, x: Any) -> Any:
            return tf.nn.relu(tf.matmul(x, self.w) + self.b)

    return Dense


@case
def a_module(tf: Any) -> Any:
    layer = dense(tf)(2, 3)
    return [
        layer.name,
        [v.name for v in layer.variables],
        type(layer.variables).__name__,
        layer(matrix(tf)),
        [v.shape for v in layer.trainable_variables],
        layer.submodules,
    ]


@case
def modules_in_modules(tf: Any) -> Any:
    Dense = dense(tf)

    class Net(tf.Module):
        def __init__(self) -> None:
            super().__init__(name="net")
            self.second = Dense(3, 1, name="two")
            self.first = Dense(2, 3, name="one")
            self.more = [Dense(1, 1, name="three"), {"k": Dense(1, 2, name="four")}]
            self.again = self.first
            self.own = tf.Variable(1.0, name="own")
            self.frozen = tf.Variable(1.0, name="frozen", trainable=False)
            self.number = 3

    net = Net()
    return [
        [(v.name, v.shape) for v in net.variables],
        len(net.trainable_variables),
        [v.name for v in net.non_trainable_variables],
        [m.name for m in net.submodules],
    ]


@case
def a_module_without_super(tf: Any) -> Any:
    class Plain(tf.Module):
        def __init__(self) -> None:
            self.v = tf.Variable(1.0, name="v")

    return [[v.name for v in Plain().variables], raised(lambda: Plain().name)]


@case
def names_of_modules(tf: Any) -> Any:
    class MyLongName2D(tf.Module):
        pass

    class HTTPServer(tf.Module):
        pass

    return [
        MyLongName2D().name,
        HTTPServer().name,
        MyLongName2D(name="other").name,
        raised(lambda: MyLongName2D(name="a b")),
        raised(lambda: MyLongName2D(name="1a")),
        MyLongName2D(name="a").name_scope.name,
    ]


@case
def a_module_with_name_scope(tf: Any) -> Any:
    class Scoped(tf.Module):
        @tf.Module.with_name_scope
        def __call__(self) -> Any:
            if not hasattr(self, "w"):
                self.w = tf.Variable(1.0, name="w")
            return self.w.name

    class Outer(tf.Module):
        def __init__(self) -> None:
            super().__init__(name="outer")
            with self.name_scope:
                self.v = tf.Variable(1.0, name="v")
                self.inner = Scoped(name="inner")

        @tf.Module.with_name_scope
        def __call__(self) -> Any:
            return self.inner()

    outer = Outer()
    return [Scoped()(), outer.v.name, outer(), outer.inner.name]


@case
def gradients_of_a_module(tf: Any) -> Any:
    layer = dense(tf)(2, 3)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(layer(matrix(tf)) ** 2)
    return [
        tape.gradient(loss, layer.trainable_variables),
        [v.name for v in tape.watched_variables()],
    ]


@case
def a_module_shows_itself(tf: Any) -> Any:
    class Empty(tf.Module):
        pass

    return [
        Empty().variables,
        Empty().submodules,
        repr(Empty()).partition(" at ")[0].split(".")[-1],
    ]
