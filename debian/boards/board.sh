# What the packages for a board share. It is put into their maintainer scripts when these are built, because at the
# purge no other package need be there any more.
#
# Files of the owner are edited at the first installation and by dpkg-reconfigure, and only where something is missing:
# what the owner has set, or changes later, stays. For the purge to undo an edit, it is marked, or a file of ours, or
# kept in $kept.
kept=/var/lib/$DPKG_MAINTSCRIPT_PACKAGE
mark="# $DPKG_MAINTSCRIPT_PACKAGE:"
changed=

# Where the firmware reads from, since Raspberry Pi OS 12 and before it; empty where this is no Raspberry Pi.
boot=
for folder in /boot/firmware /boot; do
    if [ -f "$folder/config.txt" ]; then
        boot=$folder
        break
    fi
done

# first_on_a_board "$@": whether there is a board to prepare, for the first time or again.
first_on_a_board() {
    [ "$1" = configure ] && { [ -z "$2" ] || [ -n "${DEBCONF_RECONFIGURE-}" ]; } && [ -n "$boot" ]
}

# needed WHAT: prints what $needs, the output of mycroft-enclosure needs, has of config.txt, DeviceAllow or note.
needed() {
    printf '%s\n' "$needs" | sed -n "s/^$1 //p"
}

# replace FILE COMMAND...: gives FILE the output of a command. If the power fails meanwhile, FILE is the old one or the
# new one: a machine whose config.txt is half written does not start.
replace() {
    file=$1
    shift
    if "$@" > "$file.new" && chmod --reference="$file" "$file.new" && sync "$file.new"; then
        mv "$file.new" "$file"
        sync "${file%/*}"
    else
        rm -f "$file.new"
        return 1
    fi
}

# set_in_config LINES: adds lines to config.txt, in place of those that were added before, unless the rest has them.
set_in_config() {
    # With our beginning and no end, any line after it may be the owner's.
    if grep -q "^$mark begin" "$boot/config.txt" && ! grep -q "^$mark end" "$boot/config.txt"; then
        return
    fi
    missing=
    for line in $1; do
        config_without_ours | grep -Eq "^($(pattern "$line"))([,[:space:]]|\$)" || missing="$missing$line
"
    done
    if ! config_with "$missing" | cmp -s - "$boot/config.txt"; then
        replace "$boot/config.txt" config_with "$missing"
        changed=yes
    fi
}

# pattern LINE: what stands for a line of config.txt: its other and older names, also with other values.
pattern() {
    case $1 in
        # Not over an "off", which the owner has chosen. i2c is the other name of i2c_arm.
        dtparam=i2c_arm=on) echo 'dtparam=(.*,)?i2c(_arm)?(=[a-z0-9]+)?' ;;
        dtparam=spi=on) echo 'dtparam=(.*,)?spi(=[a-z0-9]+)?' ;;
        dtoverlay=miniuart-bt) echo 'dtoverlay=(pi3-)?(miniuart|disable)-bt' ;;
        dtoverlay=proto-codec) echo 'dtoverlay=(proto-codec|rpi-proto)' ;;
        *) echo "${1%%,*}" ;;
    esac
}

# config_without_ours: prints config.txt without the lines that we have added.
config_without_ours() {
    sed "/^$mark begin/,/^$mark end/d" "$boot/config.txt"
}

# config_with LINES: prints config.txt with lines at its end, under [all], whatever section it ends with.
config_with() {
    config_without_ours
    if [ -n "$1" ]; then
        [ -z "$(config_without_ours | tail -c 1)" ] || echo
        printf '%s\n[all]\n%s%s\n' "$mark begin" "$1" "$mark end"
    fi
}

# consoles: the words of cmdline.txt for the serial console, each followed by a space.
consoles() {
    if [ -f "$boot/cmdline.txt" ]; then
        tr -s '[:space:]' '\n' < "$boot/cmdline.txt" | sed -En 's/^(console=(serial0|ttyAMA0)(,.*)?)$/\1 /p' | tr -d '\n'
    fi
}

# take_console: takes the serial console out of cmdline.txt. A login prompt on that port would talk to the face.
take_console() {
    console=$(consoles)
    if [ -n "$console" ]; then
        mkdir -p "$kept"
        printf %s "$console" > "$kept/console"
        sync "$kept/console"
        replace "$boot/cmdline.txt" sed -E \
            ':next; s/(^|[[:space:]])console=(serial0|ttyAMA0)(,[^[:space:]]*)?([[:space:]]+|$)/\1/; t next' \
            "$boot/cmdline.txt"
        changed=yes
    fi
}

# put FILE: makes FILE, of ours, from standard input.
put() {
    if [ ! -e "$1" ]; then
        mkdir -p "${1%/*}"
        cat > "$1"
        changed=yes
    fi
}

# write FILE: makes FILE, of ours, from standard input, or leaves it if it is the same.
write() {
    mkdir -p "${1%/*}"
    if ! { cat > "$1.new" && sync "$1.new"; }; then
        rm -f "$1.new"
        return 1
    elif cmp -s "$1" "$1.new"; then
        rm "$1.new"
    else
        mv "$1.new" "$1"
        sync "${1%/*}"
    fi
}

# say_restart: tells the owner what is left to do.
say_restart() {
    if [ -n "$changed" ]; then
        echo "$DPKG_MAINTSCRIPT_PACKAGE: the board is prepared, in $boot and /etc. Restart the machine to apply it." >&2
    fi
}

# undo FILE...: takes everything back.
undo() {
    rm -f "$@"
    if [ -n "$boot" ]; then
        # Without its end, the rest of the file would go as well.
        if grep -q "^$mark end" "$boot/config.txt"; then
            replace "$boot/config.txt" config_without_ours
        fi
        if [ -f "$kept/console" ] && [ -f "$boot/cmdline.txt" ] && [ -z "$(consoles)" ]; then
            replace "$boot/cmdline.txt" cat "$kept/console" "$boot/cmdline.txt"
        fi
    fi
    rm -rf "$kept"
}
