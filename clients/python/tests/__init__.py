"""Against a real server of the checkout, which the first test that needs it starts; it ends with the run."""
