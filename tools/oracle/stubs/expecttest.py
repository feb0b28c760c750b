"""The two names PyTorch's test database imports from the package `expecttest`, which nothing here runs."""

import unittest

ACCEPT = False


class TestCase(unittest.TestCase):
    longMessage = True
