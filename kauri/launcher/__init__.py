"""Start, watch and stop Kauri's own processes; plain Python below the Django commands that use it."""
