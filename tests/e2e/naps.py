#!/usr/bin/python3
"""tests/e2e/naps.py SEED N SECONDS: N random pauses that together last about SECONDS."""

import random
import sys

seed, n, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
rng = random.Random(seed)
parts = [rng.random() for _ in range(n + 1)]
for part in parts[:n]:
    print(f"{seconds * part / sum(parts):.3f}")
