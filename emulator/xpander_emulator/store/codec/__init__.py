"""Facts as bytes and back."""
