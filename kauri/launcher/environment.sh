#!/bin/sh
# Make .venv and install the locked requirements; do nothing where that has been done.
# Usage, from the project's folder: sh kauri/launcher/environment.sh base|dev|models
# PYTHON may name the interpreter to use.
set -eu

wanted=$1
lock=requirements/$wanted.txt
stamp=.venv/.installed-$wanted
is_fit='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'

# A command that merely exists proves nothing: pyenv's placeholders do, and print an error when run.
works() { "$1" -c "$is_fit" >/dev/null 2>&1; }

find_python() {
    without_venv=
    for candidate in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3 python; do
        works "$candidate" || continue
        if "$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1; then
            python=$candidate
            return
        fi
        without_venv=${without_venv:-$candidate}
    done
    if [ -n "$without_venv" ]; then
        package=python3-venv
        case $without_venv in python3.*) package=$without_venv-venv ;; esac
        echo "Il manque à $without_venv le module venv : installez le paquet $package (Debian, Ubuntu : sudo apt install $package), puis relancez." >&2
    else
        echo "Kauri demande Python 3.11, 3.12 ou 3.13, et aucun n'a été trouvé : installez-en un, ou donnez-le par PYTHON=/chemin/vers/python." >&2
    fi
    exit 1
}

sum=$(cksum <"$lock")
if [ -x .venv/bin/python ] && works .venv/bin/python; then
    if [ "$(cat "$stamp" 2>/dev/null || true)" = "$sum" ]; then exit 0; fi
else
    find_python
    echo "Environnement : .venv, avec $("$python" -c 'import platform; print("Python", platform.python_version())')."
    # An environment that was interrupted, or whose Python has gone, is made anew.
    if ! "$python" -m venv --clear .venv; then
        echo "L'environnement .venv n'a pas pu être créé dans $(pwd) : ce dossier doit être accessible en écriture." >&2
        exit 1
    fi
fi

duration="une minute environ"
if [ "$wanted" = models ]; then duration="plusieurs minutes"; fi
echo "Installation de $(grep -c '^[A-Za-z0-9]' "$lock") paquets ($duration la première fois)."
# requirements/models.in says why that set has none.
hashes=--require-hashes
if [ "$wanted" = models ]; then hashes=; fi
if ! .venv/bin/python -m pip install --disable-pip-version-check --no-input $hashes -r "$lock"; then
    echo "Les paquets n'ont pas pu être installés (voir ci-dessus) : vérifiez l'accès à l'index de paquets, puis relancez." >&2
    exit 1
fi
echo "$sum" >"$stamp"
# The development set contains the other one.
if [ "$wanted" = dev ]; then cksum <requirements/base.txt >.venv/.installed-base; fi
