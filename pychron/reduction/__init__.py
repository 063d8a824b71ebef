"""Ar/Ar mathematics: from raw series to an age with a full error; pure, and vectorised over analyses."""
