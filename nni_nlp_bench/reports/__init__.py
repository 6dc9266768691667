"""Tables, files and plots of finished searches."""
