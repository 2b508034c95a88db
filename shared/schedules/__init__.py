"""Schedules: calls of a device's functions at times of the day, where the device is.

timetable   when a schedule is due next; pure
plan        a schedule as its document has it; made, changed, paused and deleted by people
due         what the schedule of every minute does: begins the runs that are due
run         one run: the call, and what became of it
"""
