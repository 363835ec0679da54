"""The ways out: EC2, the database and its secret."""
