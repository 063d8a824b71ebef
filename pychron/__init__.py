"""Pychron on Twisted: headless nodes for noble-gas geochronology laboratories."""
