"""`python -m emulator`, the same as the command `xpander-emulator`."""

from emulator.cli import main

main(prog_name="xpander-emulator")
