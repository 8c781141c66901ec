"""Proven optima: the best formula of a stated space, and a bound that none exceeds."""

from logicx.search.optimal.searching import Certified, Counters, optimal

__all__ = ["Certified", "Counters", "optimal"]
