"""Changes that people make to the tables: read, validated, shown as a difference, written all or nothing."""
