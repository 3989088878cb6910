# SPDX-License-Identifier: MIT
"""frozen_ctypes.py LIBRARY: a frozen flow from Python, by ctypes alone.  The library is moons.hpp compiled with its C
functions:
    g++ -std=c++20 -O2 -shared -fPIC -DMOONS_C_ABI -I include -isystem /usr/include/eigen3 -x c++ moons.hpp \\
        -o libmoons.so
Arrays hold a row behind the other: numpy's default order (x.ctypes.data), C's; Julia's and Fortran's x(dim, rows)."""

import ctypes
import math
import sys

moons = ctypes.CDLL(sys.argv[1])
number = ctypes.c_double if moons.moons_scalar_size() == 8 else ctypes.c_float
dim, n = moons.moons_dim(), 200


def array(count, values=()):
    return (number * count)(*values)


def check(status):
    if status:
        raise ValueError({1: "a pointer is null", 2: "a negative count"}[status])


# The density on a grid of [-6, 6] x [-6, 6], and what it sums to.
step = 12 / n
grid = array(n * n * dim, (-6 + step * (k + 0.5) for i in range(n) for j in range(n) for k in (i, j)))
log_p = array(n * n)
check(moons.moons_log_prob(grid, None, ctypes.c_int64(n * n), log_p))
total = math.fsum(map(math.exp, log_p)) * step * step

# Samples of a seed, and the slope of log p there beside a difference.
x, at_x, slope = array(n * dim), array(n), array(n * dim)
check(moons.moons_sample(ctypes.c_uint64(1), None, ctypes.c_int64(n), x, at_x))
check(moons.moons_score(x, None, ctypes.c_int64(n), slope))
pair = array(2 * dim, (x[0] - 1e-5, x[1], x[0] + 1e-5, x[1]))
check(moons.moons_log_prob(pair, None, ctypes.c_int64(2), log_p))
print(f"the density sums to {total:.3f}; sample 1 ({x[0]:.3f}, {x[1]:.3f}): log p = {at_x[0]:.3f},", end=" ")
print(f"slope {slope[0]:.3f}, by difference {(log_p[1] - log_p[0]) / 2e-5:.3f}")
sys.exit(abs(total - 1) > 0.02 or abs(slope[0] - (log_p[1] - log_p[0]) / 2e-5) > 1e-2 * (1 + abs(slope[0])))
