"""`python -m verify`: asks an account what no test without one can tell, belief by belief: docs/how-to/verify.md."""
