"""Backup of a whole site while it runs, restore of all or a part of it, and what a restored site knows it is missing."""
