"""The link to a board: transports, framing, protocol, client, emulator. Needs pyserial alone."""
