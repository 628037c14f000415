# make run: the whole device in the simulator.  make test: all tests.  make bench: how fast the bus is, with options
# in ARGS=--quick.  All do their own set-up.

PYTHON ?= /usr/bin/python3
VENV := .venv

# What a machine needs besides Python packages; alsaaudio and dbusmock are not built from source where Debian has them.
APT_RUN := python3-venv python3-alsaaudio python3-dbusmock dbus-daemon pulseaudio libasound2-plugins alsa-utils
APT_TEST := chromium chromium-driver

.PHONY: setup setup-test run test bench lint clean

setup: apt $(VENV)/.installed

.PHONY: apt apt-test
apt:
	@.ci/apt-install $(APT_RUN)

apt-test:
	@.ci/apt-install $(APT_TEST)

$(VENV)/.installed: pyproject.toml constraints.txt | apt
	$(PYTHON) -m venv --system-site-packages $(VENV)
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable '.[pi,sim,test,lint]'
	@touch $@

run: setup
	@exec $(VENV)/bin/python -m hw_sim run

test: setup apt-test
	$(VENV)/bin/python -m pytest

bench: setup
	@$(VENV)/bin/python -m benchmarks.bus $(ARGS)

lint: setup
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

clean:
	rm -rf $(VENV) .clients build *.egg-info
