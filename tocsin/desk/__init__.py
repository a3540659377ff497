"""Where publishing meets telling, and the screens editors work at."""
