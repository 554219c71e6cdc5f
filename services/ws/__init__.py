"""The WebSocket node: takes price updates from Redis and fans them out to many sockets, each client never wrong."""
