"""What each spreadsheet host loads, generated from the registry."""
