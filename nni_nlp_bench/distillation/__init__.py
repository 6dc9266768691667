"""Knowledge distillation: teachers and distillation losses."""
