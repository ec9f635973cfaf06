"""Clients for Kafka, and topics as they are declared.

May import `pure`.
"""
