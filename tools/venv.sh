#!/bin/sh
# Installs the emulator into a virtual environment: for `make serve` what serving needs, for `make test` and all else
# every tool too. An environment that works is used as it is; one that does not is made anew.
#   sh tools/venv.sh serve|test VENV PYTHON [chosen]
# chosen: somebody has asked for this very Python; an environment of another version is made anew.
set -eu
goal=$1 venv=$2 python=$3 chosen=${4:-}
case $goal in
serve) extras=fast stamp=.serving what=xpander-emulator seconds=10 ;;
*) extras=fast,dev stamp=.installed what='xpander-emulator and all that tests it' seconds=40 ;;
esac

# As "3.12"; nothing where there is no such Python, or where it does not run.
version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true; }

# Python 3.11 or newer?
is_enough() {
    case $1 in
    3.?|3.10) return 1 ;;
    3.*) return 0 ;;
    *) return 1 ;;
    esac
}

refuse() {
    for minor in 14 13 12 11; do
        # A name of pyenv's may be there without a Python behind it.
        if is_enough "$(version "python3.$minor")"; then
            echo "$1; here is one that will do: make $goal PYTHON=python3.$minor" >&2
            exit 1
        fi
    done
    echo "$1; install one, and name it: make $goal PYTHON=python3.12" >&2
    exit 1
}

# Why the environment cannot be used; nothing where it can.
fault() {
    made=$(version "$venv/bin/python")
    here=$(cd "$venv" && pwd) real=$(cd "$venv" && pwd -P)
    if [ -z "$made" ]; then
        echo 'its Python is gone'
    elif ! is_enough "$made"; then
        echo "it is of Python $made"
    elif [ -n "$chosen" ] && [ "$made" != "$(version "$python")" ]; then
        echo "it is of Python $made, not $(version "$python")"
    elif ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
        echo 'it has no pip, or another Python has made it'
    # Its commands hold the path at which they were installed.
    elif ! grep -qF -e "$here/bin/python" -e "$real/bin/python" "$venv/bin/pip"; then
        echo 'it was made in another folder'
    fi
}

is_made=
if [ -e "$venv/pyvenv.cfg" ]; then
    why=$(fault)
    [ -n "$why" ] || is_made=yes
elif [ -e "$venv" ] && ! rmdir "$venv" 2>/dev/null; then
    echo "$venv is there, but is no virtual environment; remove it, or choose another: make $goal VENV=.venv-mine" >&2
    exit 1
fi

if [ -z "$is_made" ]; then
    found=$(version "$python")
    [ -n "$found" ] || refuse "'$python' is no Python that runs, and xpander-emulator needs Python 3.11 or newer"
    is_enough "$found" || refuse "'$python' is Python $found, and xpander-emulator needs Python 3.11 or newer"
    [ ! -e "$venv" ] || echo "Removing $venv: $why."
    rm -rf "$venv"
fi

newer=$(find pyproject.toml constraints.txt -newer "$venv/$stamp" 2>/dev/null || echo 'no stamp yet')
if [ -n "$newer" ]; then
    echo "Installing $what into $venv, once; about $seconds s ..."
    [ -n "$is_made" ] || "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --constraint constraints.txt --editable ".[$extras]"
    # All tools are more than what serving needs.
    touch "$venv/.serving" "$venv/$stamp"
fi
