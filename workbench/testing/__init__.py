"""The parts of the pytest plugin: what a mark asks, one test's profile, a test repeated, tests judged."""
