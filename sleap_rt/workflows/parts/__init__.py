"""Parts of one run that were predicted apart, and the result that is made of all of them."""
