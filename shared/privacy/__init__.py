"""A customer's rights over their data: export and deletion."""
