"""Zero-cost scores: proxies for trained performance, computed on untrained networks."""
