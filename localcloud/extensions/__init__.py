"""What moto lacks in some services: one file each."""
