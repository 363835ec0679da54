"""What runs use and what a month costs."""
