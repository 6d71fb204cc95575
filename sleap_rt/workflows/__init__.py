"""Above the stages: resolve what was given, plan with every option checked once, run."""
