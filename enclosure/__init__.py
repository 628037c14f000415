"""The enclosure daemon: knob, buttons, faceplate and sound level on one side, the message bus on the other."""
