"""Commands between nodes: codec, dispatch, server, client."""
