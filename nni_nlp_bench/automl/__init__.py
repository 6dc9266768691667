"""From a labelled file to a model: baselines, architecture search, leaderboard and report."""
