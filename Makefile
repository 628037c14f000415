# Each does its own set-up; what it cannot install, it names.
#
# make run              the simulated device; options in ARGS="--face-port 8090"
# make check            lint, types and the tests that need no real time: three minutes
# make test             all tests that need no root
# make bench            the speed of the bus; options in ARGS=--quick
# make bench-enclosure  the speed of buttons and face; after make deb, as root, also on a virtual machine
# make bench-sim        how soon a simulated device is ready, and what it costs at rest
# make bench-fleet      300 devices on one MQTT broker, and the memory of each bridge; options in ARGS="--devices 50"
# make soak             some minutes of random events; options in ARGS
# make docs             the documentation as a site, in build/docs
# make links            whether the links to other sites lead to something; needs a network
# make deb              the Debian packages and their source, in build/deb
# make repository       the packages as a signed repository for apt, in build/repository; KEY=<of gpg> URL=<its address>
# make release          sets version and date, commits and tags; VERSION=1.2.3
# make image-test       the packages on a booted Debian 13, as root; options in ARGS="--only doctor --mirror URL"
# make ha-test          the MQTT bridge with a real Home Assistant, as root; options in ARGS="--mirror URL"

PYTHON ?= /usr/bin/python3
VENV := .venv

# What a machine needs besides Python packages; alsaaudio and dbusmock are not built from source where Debian has them.
# A desktop has one of the two sound servers, and Debian installs no second one.
APT_RUN := python3-venv python3-alsaaudio python3-dbusmock dbus-daemon 'pulseaudio|pipewire-pulse' libasound2-plugins \
	alsa-utils
APT_REPOSITORY := apt-utils gpg gpg-agent xz-utils
# Of the HiveMind bridge; not built from source where Debian has them.
APT_HIVE := python3-argon2 python3-nacl
# Debian starts mosquitto as a service, which listens on loopback alone; the tests start others.
APT_BROKER := mosquitto
APT_TEST := $(APT_REPOSITORY) chromium chromium-driver iproute2 $(APT_BROKER) openssl
APT_DEB := build-essential debhelper dh-python lintian po-debconf
APT_IMAGE := $(APT_REPOSITORY) debootstrap e2fsprogs qemu-system-x86 qemu-user-static slirp4netns systemd-container

# What the packages are built from, and what is needed to work on that.
DEB_SOURCES := .ci .gitignore *.md LICENSE Makefile constraints.txt pyproject.toml admin benchmarks bridges bus debian docs \
	enclosure examples hw_sim soak tests

.PHONY: setup run check unit test bench bench-enclosure bench-sim bench-fleet soak docs links deb repository release image-test \
	ha-test lint clean

setup: apt $(VENV)/.run

.PHONY: setup-test
setup-test: setup $(VENV)/.test

.PHONY: apt apt-hive apt-test apt-broker
apt:
	@.ci/apt-install $(APT_RUN)

apt-hive:
	@.ci/apt-install $(APT_HIVE)

apt-test:
	@.ci/apt-install $(APT_TEST)

apt-broker:
	@.ci/apt-install $(APT_BROKER)

$(VENV)/.run: pyproject.toml constraints.txt | apt
	@PYTHON=$(PYTHON) .ci/venv $(VENV) pi,sim
	@touch $@

$(VENV)/.test: $(VENV)/.run | apt-hive
	@PYTHON=$(PYTHON) .ci/venv $(VENV) pi,sim,hive,test,lint,docs
	@touch $@

run: setup
	@exec $(VENV)/bin/python -m hw_sim run $(ARGS)

check:
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint unit

# Two files at a time: half of the time of the tests with real processes is waiting.
test: setup-test apt-test
	$(VENV)/bin/python -m pytest --numprocesses=2 --dist=loadfile

unit: setup-test
	$(VENV)/bin/python -m pytest --quiet -m "not real_time"

bench: setup-test
	@$(VENV)/bin/python -m benchmarks.bus $(ARGS)

bench-enclosure: setup-test
	@$(VENV)/bin/python -m benchmarks.enclosure $(ARGS)

bench-sim: setup-test
	@$(VENV)/bin/python -m benchmarks.simulator $(ARGS)

bench-fleet: setup-test apt-broker
	@$(VENV)/bin/python -m benchmarks.fleet $(ARGS)

soak: setup-test
	@$(VENV)/bin/python -m soak $(ARGS)

# A link that leads nowhere is a warning, and a warning is an error.
docs: setup-test
	$(VENV)/bin/sphinx-build -q -W --keep-going -j auto -d build/doctrees docs build/docs

links: setup-test
	$(VENV)/bin/sphinx-build -q -j auto -b linkcheck -d build/doctrees-links docs build/links

# The name of a maintainer may have any characters, so it comes from the environment. The last change has to be signed
# by the maintainer: with another name it is an upload by others to lintian, with a version of its own.
.PHONY: deb-source
deb-source:
	rm -rf build/deb
	mkdir -p build/deb/source
	tar --create --exclude=__pycache__ $(DEB_SOURCES) | tar --extract --directory=build/deb/source
	$(if $(MAINTAINER),perl -pi -e 's/^Maintainer: .*/Maintainer: $$ENV{MAINTAINER}/' build/deb/source/debian/control)
	$(if $(MAINTAINER),perl -pi -e '$$done ||= s/^ -- .*>(?=  )/ -- $$ENV{MAINTAINER}/' build/deb/source/debian/changelog)

.PHONY: apt-deb
apt-deb:
	@.ci/apt-install $(APT_DEB)

# The standards are those of Debian 13; lintian of Debian 12 knows older ones.
deb: apt-deb deb-source
	cd build/deb/source && dpkg-buildpackage -us -uc
	lintian --allow-root --fail-on error,warning --suppress-tags newer-standards-version build/deb/*.changes

.PHONY: key
key:
	@.ci/apt-install $(APT_REPOSITORY)
	@gpg --list-secret-keys $(KEY) | grep -q . || { echo "gpg has no secret key: gpg --quick-generate-key NAME" >&2; exit 1; }
	@test -n "$(KEY)" || { gpg --list-secret-keys; echo "Which one? make repository KEY=... [URL=...]" >&2; exit 1; }

# Their maintainer is the owner of the key, who answers for them.
repository: export MAINTAINER ?= $(shell gpg --list-secret-keys --with-colons "$(KEY)" | sed -n 's/^uid:\([^:]*:\)\{8\}\([^:]* <[^:]*>\):.*/\2/p' | head -n 1)
repository: key deb
	rm -rf build/repository
	mkdir -p build/repository
	cp build/deb/*.deb build/deb/*.dsc build/deb/*.tar.xz build/repository
	@.ci/repository build/repository "$(KEY)" $(URL)

release:
	@$(PYTHON) -m tests.release $(VERSION)

image-test: deb setup-test apt-broker apt-image
	@$(VENV)/bin/python -m tests.image $(ARGS) build/deb
	@$(VENV)/bin/python -m tests.vm build/deb
	@$(VENV)/bin/python -m tests.ha

ha-test: setup-test apt-broker apt-image
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
