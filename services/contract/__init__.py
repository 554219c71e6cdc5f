"""The wire contract between the API, the WebSocket nodes, the page and every test: names and shapes, no I/O."""
