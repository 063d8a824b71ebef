"""Nodes, templates, reference finding, review, tables and figures of the reduction; follows what is measured."""
