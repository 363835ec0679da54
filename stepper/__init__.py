"""Runs the state machine's real definition, attempt by attempt, in simulated time: for tests and benchmarks."""
