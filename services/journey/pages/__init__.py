"""What people see in a browser: server-rendered, one stylesheet, no script."""
