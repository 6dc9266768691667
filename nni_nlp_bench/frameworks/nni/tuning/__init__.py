"""Implementation of the NNI tuners: session, log, bounds and trial codecs."""
