"""Writes files.json: what NumPy 2.4.6 and safetensors 0.8.0 write, for formats.test.ts.

python -m venv venv && venv/bin/pip install numpy==2.4.6 safetensors==0.8.0 && venv/bin/python make_files.py
"""

import base64
import io
import json
import pathlib

import numpy as np
import safetensors.numpy


def npy(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


# Entries that no digit of may be lost: an irrational number, the smallest and largest, minus zero.
numbers = np.array([0.1, -1.0 / 3.0, 5e-324, 1.7976931348623157e308, -0.0, 2.0**53 + 2])
matrix = np.arange(6, dtype="<f8").reshape(2, 3) / 8
npy_files = {
    "numbers": (npy(numbers), numbers),
    "matrix": (npy(matrix), matrix),
    "long": (npy(np.linspace(0, 1, 1000)), np.linspace(0, 1, 1000)),
    "scalar": (npy(np.float64(2.5)), np.array([2.5])),
    "float32": (npy(matrix.astype("<f4")), matrix),
    "float16": (npy(matrix.astype("<f2")), matrix),
    "big-endian": (npy(numbers.astype(">f8")), numbers),
    "int64": (npy(np.array([1, -2, 3])), np.array([1.0, -2.0, 3.0])),
    "uint8": (npy(np.array([0, 255], dtype="u1")), np.array([0.0, 255.0])),
    "version 2": (npy(matrix, (2, 0)), matrix),
    "version 3": (npy(matrix, (3, 0)), matrix),
    "column in Fortran order": (npy(np.asfortranarray(numbers.reshape(6, 1))), numbers),
}
refused = {
    "Fortran order": npy(np.asfortranarray(matrix)),
    "complex": npy(matrix.astype("<c16")),
    "records": npy(np.zeros(2, dtype=[("a", "<f8"), ("b", "<i4")])),
    "text": npy(np.array(["a", "bc"])),
    "integer beyond float64": npy(np.array([2**53 + 1])),
}
tensors = {"layer1.weight": matrix, "layer1.bias": numbers, "scalar": np.array(2.5)}
single = {name: array.astype("<f4") for name, array in {"w": matrix, "b": np.array([1.5, -2.0])}.items()}


def coded(content):
    return base64.b64encode(content).decode()


def listed(array):
    # Exactly: as hexadecimal of the big-endian number.
    return np.asarray(array, dtype=">f8").tobytes().hex()


files = {
    "numpy": np.__version__,
    "safetensors": safetensors.__version__,
    "npy": {
        name: {"file": coded(content), "values": listed(array)} for name, (content, array) in npy_files.items()
    },
    "refused": {name: coded(content) for name, content in refused.items()},
    "named": {
        "float64": {
            "file": coded(safetensors.numpy.save(tensors, metadata={"run": "a", "round": "7"})),
            "tensors": {
                name: {"shape": list(array.shape), "values": listed(array)} for name, array in tensors.items()
            },
        },
        "float32": {
            "file": coded(safetensors.numpy.save(single)),
            "tensors": {
                name: {"shape": list(array.shape), "values": listed(array)} for name, array in single.items()
            },
        },
    },
}
place = pathlib.Path(__file__).with_name("files.json")
place.write_text(json.dumps(files, indent=1) + "\n")
