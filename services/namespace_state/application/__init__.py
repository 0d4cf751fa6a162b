"""What the service does with the picture: project it, hand it to late joiners, ask for rebirths with restraint."""
