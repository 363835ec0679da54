"""What people want the tables to say: read, checked, shown as a difference, and written all or nothing."""
