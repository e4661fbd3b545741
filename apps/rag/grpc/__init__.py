"""The engine between processes: kauri.rag.v1.RagEngine."""
