"""Everything that changes groups, with word to the pages that show them."""
