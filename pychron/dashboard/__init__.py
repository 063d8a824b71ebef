"""The laboratory's dashboard: values that are polled, conditions on them, the server that tells them and its client."""
