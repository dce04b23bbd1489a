"""The formulas on other processors, the reductions they share, and their polynomials."""

from __future__ import annotations

from itertools import product

import llvmlite.binding as llvm
import mpmath
import numpy as np
import pytest

from functrans.codegen import formats, powers
from functrans.codegen.compile import optimised_ir
from functrans.codegen.formulas import FORMULAS, LATE, late_helper, late_symbol
from tests.codegen.minimax import FITS, fitted, worst_error
from tests.codegen.test_vector_math import Module, vector_math

TWO_ARGUMENTS = ("pow", "atan2", "hypot", "logaddexp")
PROCESSORS = {  # name: triple, features, bits of a vector
    "x86-64": ("x86_64-unknown-linux-gnu", "", 128),
    "haswell": ("x86_64-unknown-linux-gnu", "", 256),
    "generic": ("aarch64-unknown-linux-gnu", "+neon", 128),
}


@pytest.mark.parametrize("processor", list(PROCESSORS))
def test_formulas_assemble_without_avx512(processor: str) -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    triple, features, width = PROCESSORS[processor]
    texts: dict[str, None] = {}
    names = []
    for name, code in product(sorted(LATE), ("f4", "f8")):
        for lanes in (1, width // (8 * int(code[1]))):
            arity = 2 if name in TWO_ARGUMENTS else 1
            helper = late_helper(late_symbol(name, code, arity, lanes), inline=False)
            names.append(helper.symbol)
            texts.update(dict.fromkeys((*helper.declarations, helper.text)))
    module = llvm.parse_assembly("\n".join(texts))
    module.verify()
    machine = llvm.Target.from_triple(triple).create_target_machine(
        cpu=processor, features=features, opt=1
    )
    module.triple, module.data_layout = triple, str(machine.target_data)
    assembly = machine.emit_assembly(module)
    assert all(f"{symbol}:" in assembly.replace('"', "") for symbol in names)


def test_only_functions_of_floats_are_late() -> None:
    assert set(FORMULAS) >= LATE
    assert {"sin", "pow", "erfc", "atan2"} <= LATE


@pytest.mark.parametrize(("first", "second"), [("sin", "cos"), ("sinh", "cosh")])
def test_two_functions_of_one_argument_share_its_reduction(first: str, second: str) -> None:
    def fused_operations(*names: str) -> int:
        module, dtype = Module(), np.dtype(float)
        results = [vector_math.scalar(module, name, (), ["%x"], [dtype], dtype) for name in names]
        stores = "\n".join(
            f"  %p{i} = getelementptr double, ptr %out, i64 {i}\n  store double {y}, ptr %p{i}"
            for i, y in enumerate(results)
        )
        text = "\n".join([*module.declared, *module.defined.values(), ""])
        body = "\n".join([*module.lines, stores])
        ir = f"{text}define void @f(double %x, ptr %out) {{\n{body}\n  ret void\n}}\n"
        function = optimised_ir(ir).split("@f(")[1].split("\n}")[0]
        return function.count("@llvm.fma.f64(")

    alone = fused_operations(first), fused_operations(second)
    assert fused_operations(first, second) < 0.8 * sum(alone)


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("name", list(FITS))
def test_polynomials_are_as_good_as_a_new_fit(name: str, single: bool) -> None:
    _, best = fitted(name, single)
    coefficients = {
        "log2_tail": powers._SINGLE_LOG2[2:] if single else powers._OTHERS,
        "two_power": powers._SINGLE_POWER[1:] if single else formats.DOUBLE.two_power,
    }.get(name) or getattr(formats.SINGLE if single else formats.DOUBLE, name)
    if name == "erfcx":
        form = formats.SINGLE if single else formats.DOUBLE
        with mpmath.workdps(40):
            coefficients = (mpmath.mpf(coefficients[0]) + form.erfcx_start, *coefficients[1:])
    eps = np.finfo(np.float32 if single else np.float64).eps
    assert worst_error(name, single, coefficients) <= 2.5 * 2.0**best + float(eps) / 8
