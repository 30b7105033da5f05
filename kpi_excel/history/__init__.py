"""What is remembered from month to month: figures, comments, acceptances, probabilities, interventions, deliveries."""
