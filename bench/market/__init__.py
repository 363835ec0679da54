"""What the product catches of the capacity that passes by: a simulated market, and others who ask it."""
