"""What runs in the virtual machine: checks for pytest, and the hands that press buttons there."""
