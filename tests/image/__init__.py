"""The packages as their owner gets them: installed with apt, on a booted Debian 13."""
