"""People and the shop's other systems, over HTTP: doors that parse, call one verb of records, and answer."""
