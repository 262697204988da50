"""Rogers and McCulloch 1994: FitzHugh-Nagumo without the undershoot."""

from aphyn_gui.physics import IonicModel, Parameter

SOURCE = "Rogers and McCulloch, IEEE Trans. Biomed. Eng. 41:743-757, 1994"


def rates(v, w, p):
    """dv/dt without stimulus, and dw/dt, in 1/ms."""
    dv = p["c1"] * v * (v - p["a"]) * (1 - v) - p["c2"] * v * w
    dw = p["b"] * (v - p["d"] * w)
    return dv, dw


MODEL = IonicModel(
    name="rogers_mcculloch",
    title="Rogers-McCulloch",
    source=SOURCE,
    parameters=(
        # name, unit, default, lower bound, upper bound, meaning, source
        Parameter("c1", "1/ms", 0.26, 0.02, 5.0, "Inward current.", SOURCE, learned=True),
        Parameter("c2", "1/ms", 0.1, 0.01, 2.0, "Outward current.", SOURCE, learned=True),
        Parameter("a", "", 0.13, 0.02, 0.4, "Threshold of excitation.", SOURCE),
        Parameter("b", "1/ms", 0.013, 0.001, 0.2, "Speed of recovery.", SOURCE, learned=True),
        Parameter("d", "", 1.0, 0.2, 5.0, "Decay of recovery.", SOURCE),
    ),
    rates=rates,
    resting_gate=0.0,
    gate_label="w",
)
