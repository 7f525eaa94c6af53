"""What a report shows: each exhibit is a name, the queries it reads and a builder."""
