"""What a tape records: once or persistently, stopped, reset, entered again, in threads."""

from __future__ import annotations

import threading
from typing import Any

from tests.tf.oracle import Group, logged, raised
from tests.tf.shorthand import matrix, three, vector

GROUP = Group("recording")
case = GROUP.case


@case
def a_second_gradient(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    first = tape.gradient(y, x)
    says = "A non-persistent GradientTape can only be used to"
    return [
        first,
        raised(lambda: tape.gradient(y, x), says),
        raised(lambda: tape.jacobian(y, x), says),
        raised(lambda: tape.batch_jacobian(matrix(tf), matrix(tf)), says),
    ]


@case
def a_second_jacobian(tf: Any) -> Any:
    x = vector(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    first = tape.jacobian(y, x)
    return [first, raised(lambda: tape.jacobian(y, x)), raised(lambda: tape.gradient(y, x))]


@case
def a_persistent_tape_answers_often(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    return [tape.gradient(z, x), tape.gradient(y, x), tape.gradient(z, y), tape.gradient(z, x)]


@case
def a_gradient_inside_the_context(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        inside = tape.gradient(y, x)
        z = y * x
    return [inside, raised(lambda: tape.gradient(z, x))]


@case
def a_gradient_inside_a_persistent_context_is_recorded(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x * x
        first = tape.gradient(y, x)
        z = first * first
    return [first, tape.gradient(first, x), tape.gradient(z, x), tape.gradient(y, x)]


@case("what a gradient inside a persistent context logs", alone=True)
def _(tf: Any) -> Any:
    def program() -> None:
        for _ in range(3):
            x = three(tf)
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(x)
                tape.gradient(x * x, x)

    lines = logged(tf, program)
    return [
        len(lines),
        lines[0].startswith("WARNING: Calling GradientTape.gradient on a persistent"),
    ]


@case
def stop_recording(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        with tape.stop_recording():
            hidden = x * x
            hidden_gradient = tape.gradient(y, x)
        z = y * hidden
    return [hidden_gradient, tape.gradient(z, x), tape.gradient(hidden, x)]


@case
def a_gradient_while_recording_is_stopped(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        with tape.stop_recording():
            g = tape.gradient(y, x)
    return g


@case
def stop_recording_a_tape_that_does_not_record(tf: Any) -> Any:
    def stop(tape: Any) -> None:
        with tape.stop_recording():
            pass

    x = three(tf)
    with tf.GradientTape() as used:
        used.watch(x)
        y = x * x
    used.gradient(y, x)
    return [raised(lambda: stop(tf.GradientTape())), raised(lambda: stop(used))]


@case
def stop_recording_hides_variables(tf: Any) -> Any:
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape, tape.stop_recording():
        v * v
    return len(tape.watched_variables())


@case
def reset(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        tape.reset()
        tape.watch(x)
        z = x * 2.0 + y
    return tape.gradient(z, x)


@case
def reset_forgets_what_was_watched(tf: Any) -> Any:
    x, v = three(tf), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * v
        tape.reset()
        seen = len(tape.watched_variables())
        z = x * x
    return [seen, tape.gradient(y, v, unconnected_gradients="none"), z]


@case
def reset_outside_the_context(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
    return [raised(lambda: tape.reset()), raised(lambda: tf.GradientTape().reset())]


@case
def watched_variables(tf: Any) -> Any:
    first = tf.Variable(1.0, name="first")
    second = tf.Variable(2.0, name="second")
    frozen = tf.Variable(3.0, name="frozen", trainable=False)
    counter = tf.Variable(4, name="counter")
    unread = tf.Variable(5.0, name="unread")
    with tf.GradientTape() as tape:
        y = second * frozen * first * tf.cast(counter, tf.float32) * second
        inside = len(tape.watched_variables())
    before = tape.watched_variables()
    gradient = tape.gradient(y, [first, unread])
    after = tape.watched_variables()
    return [inside, before, gradient, after, type(after).__name__]


@case
def watched_variables_of_a_fresh_tape(tf: Any) -> Any:
    return tf.GradientTape().watched_variables()


@case
def entering_a_tape_that_is_active(tf: Any) -> Any:
    tape = tf.GradientTape()

    def again() -> None:
        with tape:
            pass

    with tape:
        return raised(again, "Tape is still recording")


@case
def entering_gives_the_tape(tf: Any) -> Any:
    tape = tf.GradientTape()
    with tape as entered:
        return entered is tape


@case
def a_persistent_tape_entered_again_continues(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
    outside = x * y
    with tape:
        z = y * x
    return [tape.gradient(z, x), tape.gradient(outside, x), tape.gradient(y, x)]


@case
def a_tape_entered_again_before_its_gradient_continues(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    with tape:
        z = y * x
    return tape.gradient(z, x)


@case
def a_used_tape_entered_again_starts_afresh(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    first = tape.gradient(y, x)
    with tape:
        tape.watch(x)
        z = y * x
    return [first, tape.gradient(z, x)]


@case
def a_used_tape_entered_again_watches_nothing(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    tape.gradient(y, x)
    with tape:
        z = y * x
    return tape.gradient(z, x)


@case
def leaving_a_tape_that_was_not_entered(tf: Any) -> Any:
    return tf.GradientTape().__exit__(None, None, None)


@case
def an_exception_leaves_no_tape_active(tf: Any) -> Any:
    x = three(tf)
    tape = tf.GradientTape()

    def fails() -> None:
        with tape:
            tape.watch(x)
            raise KeyError("mine")

    error = raised(fails)
    y = x * x
    with tf.GradientTape() as other:
        other.watch(x)
        z = x * x
    return [error, tape.gradient(y, x), other.gradient(z, x)]


@case
def what_was_recorded_before_an_exception_can_be_used(tf: Any) -> Any:
    x, tape, found = three(tf), tf.GradientTape(), []

    def fails() -> None:
        with tape:
            tape.watch(x)
            found.append(x * x)
            raise KeyError("mine")

    raised(fails)
    return tape.gradient(found[0], x)


@case
def an_operation_that_fails_is_not_recorded(tf: Any) -> Any:
    x = vector(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        error = raised(lambda: tf.matmul(x, x))
        y = x * x
    return [error, tape.gradient(y, x)]


@case
def operations_after_the_context_are_not_recorded(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
    z = y * y
    return [tape.gradient(z, x), tape.gradient(z, z), tape.gradient(z, y), tape.gradient(y, x)]


@case
def tapes_of_one_with_statement_are_independent(tf: Any) -> Any:
    x, y = three(tf), tf.constant(4.0)
    with tf.GradientTape() as a, tf.GradientTape() as b:
        a.watch(x)
        b.watch(y)
        z = x * y
    return [a.gradient(z, [x, y]), b.gradient(z, [x, y])]


@case
def two_tapes_over_one_computation(tf: Any) -> Any:
    x0, x1 = tf.constant(0.0), tf.constant(0.0)
    with tf.GradientTape() as tape0, tf.GradientTape() as tape1:
        tape0.watch(x0)
        tape1.watch(x1)
        y = tf.math.sin(x0) + tf.nn.sigmoid(x1)
    return [tape0.gradient(y, x0), tape1.gradient(y, x1)]


@case
def a_tape_entered_by_hand(tf: Any) -> Any:
    x, tape = three(tf), tf.GradientTape()
    tape.__enter__()
    tape.watch(x)
    y = x * x
    tape.__exit__(None, None, None)
    return tape.gradient(y, x)


@case
def threads_do_not_see_each_other(tf: Any) -> Any:
    x, found = three(tf), {}

    def other() -> None:
        found["unseen"] = x * x
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x * x
        found["own"] = tape.gradient(y, x)

    with tf.GradientTape() as tape:
        tape.watch(x)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        y = x * x + found["unseen"]
    return [tape.gradient(y, x), found["own"]]


@case
def a_tape_is_called_with_names(tf: Any) -> Any:
    x = three(tf)
    with tf.GradientTape(persistent=False, watch_accessed_variables=True) as tape:
        tape.watch(tensor=x)
        y = x * x
    return tape.gradient(target=y, sources=x, output_gradients=None, unconnected_gradients="none")
