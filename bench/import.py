"""CPU seconds that a Python reader of LIBSVM text takes: python import.py sklearn|svmlight-loader FILE"""

import sys
import time

reader, path = sys.argv[1:]
if reader == "sklearn":
    from sklearn.datasets import load_svmlight_file

    started = time.process_time()
    features, _ = load_svmlight_file(path)
    rows = features.shape[0]
else:
    from svmlight_loader import classification_from_lines

    started = time.process_time()
    with open(path, "rb") as lines:
        rows = classification_from_lines(lines)[0].shape[0]
print(time.process_time() - started, rows)
