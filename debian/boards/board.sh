# What the packages for a board share. It is put into their maintainer scripts when these are built, because at the
# purge no other package need be there any more.
#
# Each edit is made at the first installation, and only where it is missing: what the owner has set, or changes later,
# stays. For the purge to undo it, it is marked, or a file of ours, or kept in $kept.
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

# first_on_a_board "$@": whether there is a board to prepare.
first_on_a_board() {
    [ "$1" = configure ] && [ -z "$2" ] && [ -n "$boot" ]
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

# add_to_config LINE PATTERN...: adds each line to config.txt, unless a line there begins with what the pattern matches.
add_to_config() {
    lines=
    while [ $# -gt 0 ]; do
        grep -Eq "^($2)([,[:space:]]|\$)" "$boot/config.txt" || lines="$lines$1\n"
        shift 2
    done
    if [ -n "$lines" ]; then
        replace "$boot/config.txt" config_with "$lines"
        changed=yes
    fi
}

# config_with LINES: prints config.txt with lines at its end, under [all], whatever section it ends with.
config_with() {
    end=$(tail -c 1 "$boot/config.txt")
    cat "$boot/config.txt" && printf "${end:+\n}$mark begin\n[all]\n$1$mark end\n"
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
            replace "$boot/config.txt" sed "/^$mark begin/,/^$mark end/d" "$boot/config.txt"
        fi
        if [ -f "$kept/console" ] && [ -f "$boot/cmdline.txt" ] && [ -z "$(consoles)" ]; then
            replace "$boot/cmdline.txt" cat "$kept/console" "$boot/cmdline.txt"
        fi
    fi
    rm -rf "$kept"
}
