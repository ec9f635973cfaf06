"""Words of the domain that all services share.

It imports `chassis.pure` only; every room of a service may import it.
"""
