"""`python -m xpander_emulator`, the same as the command `xpander-emulator`."""

from xpander_emulator.cli import main

main(prog_name="xpander-emulator")
