"""How a process that would refuse again tells the supervisor so."""

# EX_CONFIG of sysexits.h; uvicorn's own status for a failed start may be another time's good one.
REFUSED = 78
# The sentences of this process, by whoever refuses to start it.
sentences: list[str] = []
