"""`ph doctor`: looks at an environment with a service's own settings and logins, and says in words what is wrong.

`survey` asks Kafka, PostgreSQL and this machine, and changes nothing; `checks` judges what was found, a pure function
per check; `examine` is both.
"""

from chassis.operators.doctor.checks import Line, Needs, State
from chassis.operators.doctor.survey import examine

__all__ = ["Line", "Needs", "State", "examine"]
