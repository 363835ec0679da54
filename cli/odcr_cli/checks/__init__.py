"""What `odcr check` looks at before the night that counts: one small function for each thing that can be wrong."""
