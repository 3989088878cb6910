# SPDX-License-Identifier: MIT
"""from_python.py LIBRARY NUMBERS: the C functions of a frozen flow give the bits that its model gave, from threads too, and say what they refuse."""

import array
import ctypes
import sys
import threading

lib = ctypes.CDLL(sys.argv[1])
D, C, size, n = lib.conditional_dim(), lib.conditional_context_dim(), lib.conditional_scalar_size(), 150
assert (D, C, size) == (3, 1, 8), (D, C, size)
data = array.array("d")
with open(sys.argv[2], "rb") as f:
    data.frombytes(f.read())
parts = {}
for name, width in ("x", D), ("context", C), ("log_prob", 1), ("score", D), ("drawn", D), ("drawn_log_prob", 1):
    parts[name], data = (ctypes.c_double * (n * width))(*data[: n * width]), data[n * width :]
x, c = parts["x"], parts["context"]
rows, seed = ctypes.c_int64(n), ctypes.c_uint64(7)


def same(got, wanted):
    return all(
        bytes(ctypes.c_double(a)) == bytes(ctypes.c_double(b)) or (a != a and b != b)
        for a, b in zip(got, wanted, strict=True)
    )


def check():
    out, s = (ctypes.c_double * n)(), (ctypes.c_double * (n * D))()
    assert lib.conditional_log_prob(x, c, rows, out) == 0 and same(out, parts["log_prob"])
    assert lib.conditional_score(x, c, rows, s) == 0 and same(s, parts["score"])
    assert (
        lib.conditional_sample(seed, c, rows, s, out) == 0
        and same(s, parts["drawn"])
        and same(out, parts["drawn_log_prob"])
    )
    assert lib.conditional_sample(seed, c, rows, s, None) == 0 and same(s, parts["drawn"])
    done.append(1)


done = []
threads = [threading.Thread(target=check) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert len(done) == 4

out, s = (ctypes.c_double * n)(*[1.5] * n), (ctypes.c_double * (n * D))()
none, negative = ctypes.c_int64(0), ctypes.c_int64(-1)
for refused in (
    lib.conditional_log_prob(None, c, rows, out),
    lib.conditional_log_prob(x, None, rows, out),
    lib.conditional_log_prob(x, c, rows, None),
    lib.conditional_score(x, c, rows, None),
    lib.conditional_sample(seed, None, rows, s, out),
    lib.conditional_sample(seed, c, rows, None, out),
):
    assert refused == 1, refused
assert (
    lib.conditional_log_prob(x, c, negative, out)
    == lib.conditional_score(x, c, negative, s)
    == lib.conditional_sample(seed, c, negative, s, out)
    == 2
)
assert lib.conditional_log_prob(None, None, none, None) == lib.conditional_sample(seed, None, none, None, None) == 0
assert set(out) == {1.5} and set(s) == {0.0}, "a refused call wrote"
print("the same bits, from four threads")
