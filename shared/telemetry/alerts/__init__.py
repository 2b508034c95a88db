"""Alerts: which of them an event changes, or the passing of time.

`shared/alerts` has what people do with them.

    rule        what an alert watches for, and when it is over; pure
    state       the states of an alert and its transitions; pure
    stored      an alert as its document has it
    judgement   applies stored events to stored alerts, and writes the transitions
    watch       looks at each stored event whether it may change an alert, without reading
    due         lets time pass: pending alerts fire, devices fall silent, reminders are due
    notice      whether a transition is to be reported to people; pure
"""
