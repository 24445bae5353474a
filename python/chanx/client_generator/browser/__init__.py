"""What every generated browser client is built on; copied beside it."""
