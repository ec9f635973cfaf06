"""The microservice chassis: transport, persistence, time and telemetry. It knows no word of the domain."""
