"""The window: shows a study, and owns nothing of it."""
