#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real clients against the built programs: every tests/interop/clients/*_test.py."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True

FOLDER = pathlib.Path(__file__).with_name("clients")

suite = unittest.defaultTestLoader.discover(FOLDER, "*_test.py", FOLDER)
sys.exit(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())
