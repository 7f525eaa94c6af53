"""Statistics on tidy frames: polars in, polars out, results written back as rows."""
