"""Who looks at the pages: people sign in at an OpenID provider, and a session remembers them for some hours."""
