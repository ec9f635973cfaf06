"""Made-up requests by the ten thousand, and answers held to OpenAPI: `make fuzz`."""
