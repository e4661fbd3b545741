"""The retrieval and answering engine. Its face: build, types, ports, errors, indexer."""
