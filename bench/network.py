"""
Gradients of the MLP 784-128-10 (tanh, softmax cross-entropy) in numpy, blocks of 64 rows: answers each line read,
"float64" or "float32", perhaps with " images" (a fifth of the entries is not zero), by the CPU milliseconds of one gradient
over all rows, its loss, and |gradient|^2. The rows are those of network-rows.ts.
Usage: python network.py ROWS
"""

import sys
import time

import numpy as np

ROWS = int(sys.argv[1])
D = 784 * 128 + 128 + 128 * 10 + 10


def setting(dtype, images):
    rows = np.abs(np.sin(np.arange(ROWS * 784) * 1.37)).reshape(ROWS, 784).astype(dtype)
    if images:
        row, y, x = np.arange(ROWS)[:, None, None], np.arange(28)[None, :, None], np.arange(28)[None, None, :]
        drawn = (y - 13 - row % 3) ** 2 + (x - 12 - row % 5) ** 2 < 50
        rows = np.where(drawn.reshape(ROWS, 784), rows, dtype(0))
    x = (0.05 * np.sin((np.arange(D) + 1.0) ** 2)).astype(dtype)
    return rows, np.arange(ROWS) % 10, x


def gradient(rows, labels, x):
    W, b = x[:100352].reshape(784, 128), x[100352:100480]
    V, c = x[100480:101760].reshape(128, 10), x[101760:]
    g = np.zeros_like(x)
    gW, gb = g[:100352].reshape(784, 128), g[100352:100480]
    gV, gc = g[100480:101760].reshape(128, 10), g[101760:]
    loss = 0.0
    for first in range(0, ROWS, 64):
        a, y = rows[first : first + 64], labels[first : first + 64]
        h = np.tanh(a @ W + b)
        z = h @ V + c
        z -= z.max(1, keepdims=True)
        e = np.exp(z)
        s = e.sum(1, keepdims=True)
        i = np.arange(len(y))
        loss += float((np.log(s[:, 0]) - z[i, y]).sum())
        e /= s
        e[i, y] -= 1
        gV += h.T @ e
        gc += e.sum(0)
        u = (e @ V.T) * (1 - h * h)
        gW += a.T @ u
        gb += u.sum(0)
    return loss / ROWS, g / ROWS


settings = {
    name + suffix: setting(np.dtype(name).type, suffix != "")
    for name in ("float64", "float32")
    for suffix in ("", " images")
}
print("ready", np.__version__, flush=True)
for line in sys.stdin:
    started = time.process_time()
    loss, g = gradient(*settings[line.strip()])
    print(1000 * (time.process_time() - started), loss, float(np.vdot(g, g)), flush=True)
