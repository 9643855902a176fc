"""What we keep: the only room with SQL. A file a subject; values in, rows and values out."""
