"""What the console does: keep the live picture, feed it to browsers, sign people in, pass their commands
on.
"""
