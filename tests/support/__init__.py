"""What the functional tests act with: functions in this process, the simulator, stock."""
