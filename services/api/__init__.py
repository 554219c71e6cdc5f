"""The API: ingests market data, keeps the latest quotes, publishes updates and answers REST requests."""
