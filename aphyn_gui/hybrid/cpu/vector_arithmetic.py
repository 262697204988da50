"""Elementary operations on vectors of sequences, as LLVM instructions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from llvmlite import ir

FAST = ("contract", "arcp", "nsz", "afn")
"""Liberties the optimiser may take. Not "no NaNs" and not "no infinities": with those, divergence
would go unseen."""

INT32 = ir.IntType(32)
INT64 = ir.IntType(64)


@dataclass(frozen=True, slots=True)
class Lanes:
    """Precision and number of sequences that one instruction carries.

    Parameters
    ----------
    bits : int
        32 or 64.
    count : int
        Sequences a vector.
    registers : int
        Machine registers that such a vector fills.
    has_root_estimate : bool
        Whether the processor estimates reciprocal square roots (x86, up to 32 bytes).
    """

    bits: int
    count: int
    registers: int = 1
    has_root_estimate: bool = False

    @property
    def scalar(self) -> ir.Type:
        """One number."""
        return ir.FloatType() if self.bits == 32 else ir.DoubleType()

    @property
    def vector(self) -> ir.VectorType:
        """One number of each sequence."""
        return ir.VectorType(self.scalar, self.count)

    @property
    def integer(self) -> ir.VectorType:
        """Integers as wide as the numbers."""
        return ir.VectorType(ir.IntType(self.bits), self.count)


class VectorArithmetic:
    """Writes elementary operations into an LLVM function.

    Parameters
    ----------
    builder : ir.IRBuilder
        Where to write; may be moved between blocks.
    lanes : Lanes
        Precision and width.
    """

    def __init__(self, builder: ir.IRBuilder, lanes: Lanes) -> None:
        self.builder = builder
        self.lanes = lanes

    def constant(self, value: float) -> ir.Value:
        """A literal number in every lane."""
        return ir.Constant(self.lanes.vector, [value] * self.lanes.count)

    def add(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """a + b."""
        return self.builder.fadd(a, b, flags=FAST)

    def multiply(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """a b."""
        return self.builder.fmul(a, b, flags=FAST)

    def divide(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """a / b."""
        return self.builder.fdiv(a, b, flags=("contract", "nsz"))

    def negate(self, a: ir.Value) -> ir.Value:
        """-a."""
        return self.builder.fsub(self.constant(-0.0), a, flags=FAST)

    def sqrt(self, a: ir.Value) -> ir.Value:
        """Square root."""
        return self._intrinsic("llvm.sqrt", a)

    def select_less(
        self, a: ir.Value, b: ir.Value, then: ir.Value, otherwise: ir.Value
    ) -> ir.Value:
        """``then`` where a < b, else ``otherwise``."""
        return self.builder.select(self.builder.fcmp_ordered("<", a, b), then, otherwise)

    def exp(self, a: ir.Value) -> ir.Value:
        """Exponential: 2^n exp(r) with |r| <= ln(2)/2 and exp(r) by its series.

        Written out because a call to the C library would be made lane by lane.
        """
        double = self.lanes.bits == 64
        limit = 708.0 if double else 87.0
        a = self._clamp(a, limit)
        n = self._intrinsic("llvm.rint", self.multiply(a, self.constant(1 / math.log(2))))
        high = 0.693147180369123816490 if double else 0.693359375
        low = math.log(2) - high
        r = self._strict_subtract(a, self._strict_multiply(n, self.constant(high)))
        r = self._strict_subtract(r, self._strict_multiply(n, self.constant(low)))
        degree = 13 if double else 7
        series = self.constant(1 / math.factorial(degree))
        for order in range(degree - 1, -1, -1):
            series = self._polynomial_step(series, r, 1 / math.factorial(order))
        mantissa, bias = (52, 1023) if double else (23, 127)
        exponent = self.builder.fptosi(n, self.lanes.integer)
        exponent = self.builder.add(exponent, self._integer(bias))
        power = self.builder.bitcast(
            self.builder.shl(exponent, self._integer(mantissa)), self.lanes.vector
        )
        return self.multiply(series, power)

    def log(self, a: ir.Value) -> ir.Value:
        """Natural logarithm: the exponent's, refined by Halley's iteration on exp."""
        double = self.lanes.bits == 64
        mantissa, bias = (52, 1023) if double else (23, 127)
        bits = self.builder.bitcast(a, self.lanes.integer)
        exponent = self.builder.sub(
            self.builder.lshr(bits, self._integer(mantissa)), self._integer(bias)
        )
        y = self.multiply(
            self.builder.sitofp(exponent, self.lanes.vector), self.constant(math.log(2))
        )
        for _ in range(4 if double else 3):
            power = self.exp(y)
            difference = self.builder.fsub(a, power)
            correction = self.divide(difference, self.builder.fadd(a, power))
            y = self.add(y, self.multiply(self.constant(2.0), correction))
        positive = self.builder.fcmp_ordered(">", a, self.constant(0.0))
        return self.builder.select(positive, y, self.constant(math.nan))

    def tanh(self, a: ir.Value) -> ir.Value:
        """Hyperbolic tangent: rational in single precision, by exp in double.

        The rational function (13th over 6th degree on [-7.9, 7.9]) is the one of Eigen's
        vectorised tanh; its error is below 1e-7, which single precision does not see.
        """
        if self.lanes.bits == 64:
            return self._tanh_by_exp(a)
        x = self._clamp(a, 7.90531110763549805)
        square = self.multiply(x, x)
        numerator = self.constant(-2.76076847742355e-16)
        for coefficient in (
            2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08,
            1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03,
        ):  # fmt: skip
            numerator = self._polynomial_step(numerator, square, coefficient)
        denominator = self.constant(1.19825839466702e-06)
        for coefficient in (1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03):
            denominator = self._polynomial_step(denominator, square, coefficient)
        return self.divide(self.multiply(x, numerator), denominator)

    def sigmoid(self, a: ir.Value) -> tuple[ir.Value, ir.Value]:
        """The network's activation a / sqrt(1 + a^2), and its slope (1 + a^2)^(-3/2)."""
        one = self.constant(1.0)
        square = self.add(self.multiply(a, a), one)
        root = self.reciprocal_root(square)
        return self.multiply(a, root), self.multiply(self.multiply(root, root), root)

    def reciprocal_root(self, a: ir.Value) -> ir.Value:
        """1 / sqrt(a); on x86 in single precision by estimate and one Newton step."""
        if self.lanes.bits == 64 or not self.lanes.has_root_estimate:
            return self.divide(self.constant(1.0), self.sqrt(a))
        estimate = self._root_estimate(a)
        product = self.multiply(a, self.multiply(estimate, estimate))
        correction = self.add(self.constant(1.5), self.multiply(self.constant(-0.5), product))
        return self.multiply(estimate, correction)

    def _root_estimate(self, a: ir.Value) -> ir.Value:
        """The processor's estimate of 1 / sqrt(a), register by register."""
        width = self.lanes.count // self.lanes.registers
        register = ir.VectorType(self.lanes.scalar, width)
        name = {4: "llvm.x86.sse.rsqrt.ps", 8: "llvm.x86.avx.rsqrt.ps.256"}[width]
        module = self.builder.module
        function = module.globals.get(name) or ir.Function(
            module, ir.FunctionType(register, [register]), name
        )
        undefined = ir.Constant(self.lanes.vector, ir.Undefined)
        parts = []
        for part in range(self.lanes.registers):
            lanes = [part * width + lane for lane in range(width)]
            mask = ir.Constant(ir.VectorType(INT32, width), lanes)
            piece = self.builder.shuffle_vector(a, undefined, mask)
            parts.append(self.builder.call(function, [piece]))
        while len(parts) > 1:
            half = parts[0].type.count
            joined = ir.Constant(ir.VectorType(INT32, 2 * half), list(range(2 * half)))
            parts = [
                self.builder.shuffle_vector(low, high, joined)
                for low, high in zip(parts[::2], parts[1::2], strict=True)
            ]
        return parts[0]

    def _tanh_by_exp(self, a: ir.Value) -> ir.Value:
        magnitude = self._intrinsic("llvm.fabs", a)
        decay = self.exp(self.multiply(self.constant(-2.0), magnitude))
        one = self.constant(1.0)
        result = self.divide(self.builder.fsub(one, decay), self.builder.fadd(one, decay))
        negative = self.builder.fcmp_ordered("<", a, self.constant(0.0))
        return self.builder.select(negative, self.builder.fneg(result), result)

    def broadcast(self, scalar: ir.Value) -> ir.Value:
        """The same number in every lane."""
        undefined = ir.Constant(self.lanes.vector, ir.Undefined)
        single = self.builder.insert_element(undefined, scalar, ir.Constant(INT32, 0))
        mask = ir.Constant(ir.VectorType(INT32, self.lanes.count), [0] * self.lanes.count)
        return self.builder.shuffle_vector(single, undefined, mask)

    def horizontal_sum(self, a: ir.Value) -> ir.Value:
        """Sum over the lanes."""
        total = self.builder.extract_element(a, ir.Constant(INT32, 0))
        for lane in range(1, self.lanes.count):
            element = self.builder.extract_element(a, ir.Constant(INT32, lane))
            total = self.builder.fadd(total, element, flags=FAST)
        return total

    def _polynomial_step(self, value: ir.Value, x: ir.Value, coefficient: float) -> ir.Value:
        return self.add(self.multiply(value, x), self.constant(coefficient))

    def _clamp(self, a: ir.Value, limit: float) -> ir.Value:
        # Written as two selects in which a NaN falls through, so that divergence stays visible.
        low, high = self.constant(-limit), self.constant(limit)
        a = self.builder.select(self.builder.fcmp_ordered(">", a, high), high, a)
        return self.builder.select(self.builder.fcmp_ordered("<", a, low), low, a)

    def _strict_multiply(self, a: ir.Value, b: ir.Value) -> ir.Value:
        return self.builder.fmul(a, b)

    def _strict_subtract(self, a: ir.Value, b: ir.Value) -> ir.Value:
        return self.builder.fsub(a, b)

    def _integer(self, value: int) -> ir.Value:
        return ir.Constant(self.lanes.integer, [value] * self.lanes.count)

    def _intrinsic(self, name: str, a: ir.Value) -> ir.Value:
        vector = self.lanes.vector
        full_name = f"{name}.v{self.lanes.count}f{self.lanes.bits}"
        module = self.builder.module
        function = module.globals.get(full_name) or ir.Function(
            module, ir.FunctionType(vector, [vector]), full_name
        )
        return self.builder.call(function, [a])
