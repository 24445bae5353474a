"""AsyncAPI 3.0 documents made from consumers, and the page that shows them."""
