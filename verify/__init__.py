"""`python -m verify`: asks a real account what tests cannot tell, belief by belief. See docs/how-to/verify.md."""
