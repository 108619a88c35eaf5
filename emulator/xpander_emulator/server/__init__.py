"""The server: sockets, processes and their lifetime."""
