"""A pycrunch that reduces by itself what is measured."""
