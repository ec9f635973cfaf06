"""What an image of the services holds, put together without a container engine: by deploy/Dockerfile and by the tests.

    python -m deploy.image --into DIRECTORY

`content` lays out packages and source, `inventory` says what is in it (CycloneDX), `findings` how large it is and what
does not belong there.
"""
