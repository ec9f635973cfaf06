"""The way into work: employers, vacancies, candidacies, offers, employments."""
