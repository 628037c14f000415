# Each does its own set-up; what it cannot install, it names.
#
# make run              the simulated device; options in ARGS="--face-port 8090"
# make check            lint, types and the tests that need no real time: under a minute
# make test             all tests that need no root
# make bench            the speed of the bus; options in ARGS=--quick
# make bench-enclosure  the speed of buttons and face; after make deb, as root, also on a virtual machine
# make bench-sim        how soon a simulated device is ready, and what it costs at rest
# make bench-fleet      300 devices on one MQTT broker; options in ARGS="--devices 50"
# make soak             some minutes of random events; options in ARGS
# make docs             the documentation as a site, in build/docs
# make deb              the Debian packages, in build/deb
# make image-test       the packages on a booted Debian 13, as root; options in ARGS="--only doctor --mirror URL"
# make ha-test          the MQTT bridge with a real Home Assistant, as root; options in ARGS="--mirror URL"

PYTHON ?= /usr/bin/python3
VENV := .venv

# What a machine needs besides Python packages; alsaaudio and dbusmock are not built from source where Debian has them.
# A desktop has one of the two sound servers, and Debian installs no second one.
APT_RUN := python3-venv python3-alsaaudio python3-dbusmock dbus-daemon 'pulseaudio|pipewire-pulse' libasound2-plugins \
	alsa-utils
# Debian starts mosquitto as a service, which listens on loopback alone; the tests start others.
APT_TEST := chromium chromium-driver iproute2 mosquitto openssl
APT_DEB := build-essential debhelper dh-python lintian po-debconf
APT_IMAGE := apt-utils debootstrap gpg qemu-system-x86 qemu-user-static systemd-container xz-utils

# What goes into the Debian packages.
DEB_SOURCES := debian docs bus enclosure admin bridges hw_sim README.md CHANGELOG.md LICENSE pyproject.toml

.PHONY: setup run check unit test bench bench-enclosure bench-sim bench-fleet soak docs deb image-test ha-test lint clean

setup: apt $(VENV)/.run

.PHONY: setup-test
setup-test: setup $(VENV)/.test

.PHONY: apt apt-test
apt:
	@.ci/apt-install $(APT_RUN)

apt-test:
	@.ci/apt-install $(APT_TEST)

$(VENV)/.run: pyproject.toml constraints.txt | apt
	@PYTHON=$(PYTHON) .ci/venv $(VENV) pi,sim
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@PYTHON=$(PYTHON) .ci/venv $(VENV) pi,sim,test,lint,docs
	@touch $@

run: setup
	@exec $(VENV)/bin/python -m hw_sim run $(ARGS)

check:
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint unit

test: setup-test apt-test
	$(VENV)/bin/python -m pytest

unit: setup-test
	$(VENV)/bin/python -m pytest --quiet -m "not real_time"

bench: setup-test
	@$(VENV)/bin/python -m benchmarks.bus $(ARGS)

bench-enclosure: setup-test
	@$(VENV)/bin/python -m benchmarks.enclosure $(ARGS)

bench-sim: setup-test
	@$(VENV)/bin/python -m benchmarks.simulator $(ARGS)

bench-fleet: setup-test apt-test
	@$(VENV)/bin/python -m benchmarks.fleet $(ARGS)

soak: setup-test
	@$(VENV)/bin/python -m soak $(ARGS)

# A link that leads nowhere is a warning, and a warning is an error.
docs: setup-test
	$(VENV)/bin/sphinx-build -q -W --keep-going -j auto -d build/doctrees docs build/docs

deb:
	@.ci/apt-install $(APT_DEB)
	rm -rf build/deb
	mkdir -p build/deb/source
	cp -R $(DEB_SOURCES) build/deb/source
	cd build/deb/source && dpkg-buildpackage -us -uc -b
	lintian --allow-root --fail-on error,warning build/deb/*.changes

image-test: deb setup-test apt-test apt-image
	@$(PYTHON) -m tests.image $(ARGS) build/deb
	@$(PYTHON) -m tests.vm build/deb
	@$(VENV)/bin/python -m tests.ha --kept

ha-test: setup-test apt-test apt-image
	@$(VENV)/bin/python -m tests.ha $(ARGS)

.PHONY: apt-image
apt-image:
	@if [ "$$(id -u)" = 0 ]; then .ci/apt-install $(APT_IMAGE); fi

lint: setup-test docs
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

clean:
	rm -rf $(VENV) .clients build *.egg-info
