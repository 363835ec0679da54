"""The ways to everything outside: EC2, other services of AWS, and the database."""
