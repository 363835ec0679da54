"""Plays the state machine's own definition, attempt by attempt, in simulated time: for tests and the benchmark."""
