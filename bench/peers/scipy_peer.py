"""
SciPy: solvers in Python, a trajectory at a time.

    scipy_peer.py NAME [--threads N]
"""

import argparse

import numpy as np
import scipy
from protocol import Ready, Unsupported, each, serve, timed
from scipy.integrate import solve_ivp

arguments = argparse.ArgumentParser()
arguments.add_argument("name")
arguments.add_argument("--threads", type=int, default=1)
options = arguments.parse_args()

few = 10


def diffeq(t, sizes):
    """RK45, whose method is Dormand and Prince's: there is no Tsit5."""
    if sizes["what"] != "lorenz":
        raise Unsupported("it has no gradients")
    starts = t["y0"].T.astype(np.float64)

    def rate(_, state):
        # Python's own floats: faster here than NumPy's.
        x, y, z = state.tolist()
        return np.array((10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z))

    def solve(some, until):
        return [solve_ivp(rate, (0, until), start, method="RK45", rtol=1e-6, atol=1e-6) for start in some]

    step = lambda: solve(starts[:few], 10)
    solutions, seconds = timed(step)
    squares, steps, tried = np.mean(
        # Two evaluations choose the first step, and each that is tried takes six.
        [(np.square(s.y[:, -1]).sum(), len(s.t) - 1, (s.nfev - 2) / 6) for s in solutions],
        axis=0,
    )
    early = [s.y[:, -1] for s in solve(starts[:8], 2)]
    note = f"{few} of {len(starts):,}, by RK45"
    return Ready([*np.ravel(early), squares, steps, tried], seconds, each(step), note, part=few / len(starts))


cases = {"diffeq": diffeq}

serve(
    {"name": options.name, "version": scipy.__version__, "threads": options.threads, "cases": list(cases)},
    lambda case, tensors, sizes: cases[case](tensors, sizes),
)
