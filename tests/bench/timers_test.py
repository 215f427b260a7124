#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adding and cancelling a timeout costs at most 1.2 times the instructions at a million pending
that it costs at a thousand."""

import os
import re
import shutil
import subprocess
import sys

BUILD = os.environ["GALE_BUILD"]
PROGRAM = os.path.join(BUILD, "bench", "timers")
FEW, MANY = 20_000, 40_000


def skip(why):
    print(why)
    sys.exit(77)


def instructions(pending, pairs):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", PROGRAM,
               str(pending), str(pairs)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def per_pair(pending):
    return (instructions(pending, MANY) - instructions(pending, FEW)) / (MANY - FEW)


if not shutil.which("valgrind"):
    skip("valgrind is not installed")
if not os.access(PROGRAM, os.X_OK):
    skip("bench/timers is not built here")
with open(os.path.join(BUILD, "CMakeCache.txt")) as cache:
    if re.search(r"^GALE_SANITIZE:\w+=.+$", cache.read(), re.MULTILINE):
        skip("sanitizers and valgrind do not go together")
thousand, million = per_pair(1_000), per_pair(1_000_000)
print(f"instructions for add and cancel: {thousand:.1f} at 1,000 pending, {million:.1f} at 1,000,000")
sys.exit(million > 1.2 * thousand)
