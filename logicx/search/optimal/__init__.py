"""Proven optima: the best formula of a stated space, and a bound that none exceeds."""
