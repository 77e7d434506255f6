"""What clients of HTTP APIs share across case studies: connections, limits, retries and readable errors."""
