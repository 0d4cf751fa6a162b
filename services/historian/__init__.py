"""Journals what every edge node reports, and tells it again: the site's primary host application.

Owns: the journal of samples, births, deaths and gaps, in partitions by source time; the spool that bridges an outage of the database;
STATE.
Consumes: all Sparkplug traffic. Publishes: STATE, its own figures. Answers: `samples`, `tags`, `gaps`, `head`, `missed`.
"""
