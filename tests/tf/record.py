"""Runs the cases on TensorFlow and writes what it gave: ``python -m tests.tf.record [GROUP …]``.

It needs the dependency group ``tensorflow``. The records are what ordinary tests compare
``functrans.tf`` with, so nothing in them is written by hand.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib import import_module
from typing import Any

from tests.tf.oracle import RECORDS, Case, Group, Row, groups, read

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main(arguments: list[str]) -> int:
    """Record the groups named, or all, and say what could not be; or ``--check`` the records."""
    if arguments[:1] == ["--alone"]:
        return _alone(*arguments[1:])
    import tensorflow as tf  # late, so that reading this file doesn't need it

    # Rows make many short-lived functions, which TensorFlow finds worth a warning each.
    tf.get_logger().addFilter(lambda record: "retracing" not in record.getMessage())
    found = groups()
    if arguments[:1] == ["--check"]:
        return min(1, sum(_stale(tf, found[name]) for name in arguments[1:]))
    failed = sum([_write(tf, found[name]) for name in arguments or found])
    return 1 if failed else 0


def _write(tf: Any, group: Group) -> int:
    """Write one group's file, a case a line, and give the number of cases that failed."""
    lines, failed = [], 0
    for case in group.cases:
        try:
            result = case.record(tf)
            if isinstance(case, Row) and case.compiled:
                for line in case.check_compiled(tf, result):
                    print(f"{group.name}: {case.name}: TensorFlow differs {line}", file=sys.stderr)
        except Exception:
            failed += 1
            print(f"{group.name}: {case.name}", file=sys.stderr)
            traceback.print_exc()
        else:
            lines.append(f"{json.dumps(case.name)}: {_text(result)}")
    RECORDS.mkdir(exist_ok=True)
    text = f'{{"tensorflow": "{tf.__version__}", "cases": {{\n' + ",\n".join(lines) + "\n}}\n"
    (RECORDS / f"{group.name}.json").write_text(text, encoding="utf-8")
    print(f"{group.name}: {len(lines)} recorded, {failed} failed")
    return failed


def _stale(tf: Any, group: Group) -> bool:
    """Say where TensorFlow gives something else now than what is recorded of a group."""
    recorded = read(group.name)
    lines = {case.name: case.check(tf, recorded[case.name]) for case in group.cases}
    for name, found in lines.items():
        for line in found:
            print(f"{group.name}: {name}: {line}", file=sys.stderr)
    return any(lines.values())


def _alone(module: str, group: str, name: str) -> int:
    """Print the result of one case as the last line: this process is its own."""
    case = next(c for c in groups()[group].cases if c.name == name)
    assert isinstance(case, Case)
    print(_text(case.run(import_module(module))))
    return 0


def _text(result: Any) -> str:
    return json.dumps(result, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
