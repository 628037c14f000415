"""The closed list of actions that a message can request, each row beside the function that performs it.

A message chooses a row and fills in the checked fields of its topic; nothing else in it has an effect.
"""

from admin.actions import assistant, clock, configure, power, reset, ssh, update, wifi

ACTIONS = (
    *power.ACTIONS,
    *ssh.ACTIONS,
    *clock.ACTIONS,
    *configure.ACTIONS,
    *assistant.ACTIONS,
    *update.ACTIONS,
    *reset.ACTIONS,
    *wifi.ACTIONS,
)
