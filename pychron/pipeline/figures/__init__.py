"""Figures for print and screen: ideogram, age spectrum, isochron, series, flux map."""
