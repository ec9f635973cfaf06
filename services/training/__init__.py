"""The training providers in Germany: course sessions, their seats, and who learns there before departure."""
