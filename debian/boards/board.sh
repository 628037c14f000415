# What the packages for a board share. It is put into their maintainer scripts when these are built, because at the
# purge no other package need be there any more.
#
# Each edit is made where a Raspberry Pi starts from, at the first installation, and only where it is missing: what the
# owner has set, or changes later, stays. For the purge to undo it, it is marked, or a file of ours, or kept in $kept.
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

# first_on_a_board "$@": whether there is something to prepare.
first_on_a_board() {
    [ "$1" = configure ] && [ -z "$2" ] && [ -n "$boot" ]
}

# add_to_config LINE PATTERN...: adds each line to config.txt, unless a line there begins with what the pattern matches.
add_to_config() {
    lines=
    while [ $# -gt 0 ]; do
        grep -Eq "^($2)([,[:space:]]|\$)" "$boot/config.txt" || lines="$lines$1\n"
        shift 2
    done
    if [ -n "$lines" ]; then
        [ -z "$(tail -c 1 "$boot/config.txt")" ] || echo >> "$boot/config.txt"
        # Under [all], whatever section the file ends with.
        printf "$mark begin\n[all]\n$lines$mark end\n" >> "$boot/config.txt"
        changed=yes
    fi
}

# take_console: takes the serial console out of cmdline.txt. A login prompt on that port would talk to the face.
take_console() {
    console=$(grep -Eos 'console=(serial0|ttyAMA0)[^[:space:]]*' "$boot/cmdline.txt" | tr '\n' ' ')
    if [ -n "$console" ]; then
        mkdir -p "$kept"
        printf %s "$console" > "$kept/console"
        sed -Ei 's/console=(serial0|ttyAMA0)[^[:space:]]* ?//g' "$boot/cmdline.txt"
        changed=yes
    fi
}

# put FILE: makes a file of ours of what is read.
put() {
    if [ ! -e "$1" ]; then
        mkdir -p "${1%/*}"
        cat > "$1"
        changed=yes
    fi
}

# say_restart: tells the owner what is left to do.
say_restart() {
    if [ -n "$changed" ]; then
        echo "$DPKG_MAINTSCRIPT_PACKAGE: the board is prepared, in $boot and /etc. Restart for that to count." >&2
    fi
}

# undo FILE...: takes everything back.
undo() {
    rm -f "$@"
    if [ -n "$boot" ]; then
        # Without its end, the rest of the file would go as well.
        if grep -q "^$mark end" "$boot/config.txt"; then
            sed -i "/^$mark begin/,/^$mark end/d" "$boot/config.txt"
        fi
        if [ -f "$kept/console" ] && ! grep -Eqs 'console=(serial0|ttyAMA0)' "$boot/cmdline.txt"; then
            sed -i "1s/^/$(cat "$kept/console")/" "$boot/cmdline.txt"
        fi
    fi
    rm -rf "$kept"
}
