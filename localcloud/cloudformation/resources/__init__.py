"""The resource types that the local cloud can create, one module per service."""
