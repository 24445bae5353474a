"""What every generated Python client is built on; copied into its package."""
