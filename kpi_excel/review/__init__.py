"""The review: SMART computed, signal or noise, outlook, jungle, conflicts, interventions."""
