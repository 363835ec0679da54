"""What moto lacks in single services: one file each."""
