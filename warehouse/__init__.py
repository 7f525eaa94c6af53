"""The store: layout on disk, schema, ingest, SQL views, importers, lineage."""
