"""`naslib`: NASLib's optimizers and predictors."""
