"""The `x-emulator` extension: its vocabulary, its checks, and what it says of a contract's tasks."""
