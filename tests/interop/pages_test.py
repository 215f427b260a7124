#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Pages of the examples, and what is beneath them: every tests/interop/pages/*_test.py."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True

FOLDER = pathlib.Path(__file__).with_name("pages")
sys.path.append(str(FOLDER.with_name("clients")))  # servers.py

suite = unittest.defaultTestLoader.discover(FOLDER, "*_test.py", FOLDER)
sys.exit(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())
