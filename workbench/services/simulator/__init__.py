"""What the simulators of HTTP APIs share: the TLS server, tokens, latencies, faults, counters and a handle."""
