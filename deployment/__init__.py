"""The stack as the SAM CLI builds it and deploys it to the local cloud: for the demo, the tests and the benchmarks."""
