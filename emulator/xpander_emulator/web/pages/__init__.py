"""The pages: for people who look at tasks, and for people who were sent a link."""
