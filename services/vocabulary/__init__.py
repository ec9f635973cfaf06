"""The words that the services share: one meaning, written once.

| Module | Holds | Every room may import it |
|---|---|---|
| `terms` | closed lists that stand in several services | yes, `domain` too: the standard library only |
| `ages` | which age band of a person counts | yes, `domain` too: the standard library only |
| `of_age` | the deadline with which an age band ends | not `domain`: `chassis.pure` |
| `adopting` | why a case is not handed over, where nobody has decided | yes, `domain` too: the standard library only |
| `arrivals` | which word on an arrival counts | yes, `domain` too: the standard library only |
| `seconding` | what one person asks for, and a second one answers | yes, `domain` too: the standard library only |
| `destruction` | what becomes of keys that somebody wants destroyed | yes, `domain` too: the standard library only |
| `destroying` | how that is asked for, and shown | not `domain`: pydantic |
| `confirming` | who may be the second person | not `domain`: `chassis.pure` |
| `transitions` | how a status that has a table steps | yes, `domain` too: the standard library only |
| `parts` | one part of a profile as it rests | yes, `domain` too: the standard library, and what a wrapped key is |
| `profiles` | who a person is, in which parts that is sealed, how a part's key is told | not `domain`: pydantic |
| `handed` | a profile as it is handed over, and which parts of it | yes, `domain` too: as `parts` |
| `receiving` | what a service does whose organisations are handed profiles | not `domain`: pydantic |
| `copying` | copies of frozen dataclasses | yes, `domain` too: the standard library only |
| `case_ref` | the reference that a person has on paper | yes, `domain` too: the standard library only |
| `signing` | what may be recorded as signed | not `domain`: `countries` |
| `folding` | names and numbers as they are compared in one script | yes, `domain` too: the standard library only |
| `skeletons` | names as they are compared across scripts | not `domain`: ICU |
| `finding` | by what a person is found, and who is looked for | not `domain`: pydantic |
| `roles` | roles and kinds of organisations | yes, `domain` too: the standard library only |
| `codes` | shapes of codes in events and bodies | not `domain`: pydantic |
| `events` | events and contracts about a case | not `domain`: pydantic |
| `refusals` | refusals that several services give | not `domain`: what is refused is said by handlers |
| `consents` | when a consent ends | not `domain`: `countries` |
| `reference` | rows of code lists that several services read | yes, `domain` too: the standard library only |
| `switch` | the switch per country: what it suspends, and what stays open | not `domain`: pydantic |
| `retention` | the clock of a case, for who keeps something of it | not `domain`: pydantic |
| `holding` | how records are held beyond their terms: bodies and answers | not `domain`: pydantic |
| `centres` | which organisations people may act for now | not `domain`: `refusals` |
| `scopes` | whose things a list shows | not `domain`: `chassis.pure` |
| `regions` | the regions of the countries: ISO 3166-2, parents, what was withdrawn | not `domain`: `pycountry` |
| `limits` | units of time limits, and what is due by them | not `domain`: `chassis.pure` |
| `deadlines` | what somebody owes by a time: every kind, its events, what sets and clears it | not `domain`: pydantic |
| `before_departure` | by when is owed what is owed before a departure | not `domain`: `countries` |
| `voiding` | what of a centre's work can be void | yes, `domain` too: the standard library only |
| `missed` | what an aggregate keeps of what it owes | yes, `domain` too: the standard library only |
| `owed` | the list of what is owed | not `domain`: pydantic |
| `zones` | where the clocks of the countries stand | yes, `domain` too: the standard library only |
| `countries` | the countries, their time zones and calendars | not `domain`: `holidays` |

It imports `chassis.pure` and nothing else of the chassis; the chassis imports nothing of it. A closed list that one
service has to itself stays in that service's `domain`; a list that changes is reference data (`schemas/reference`).
"""
