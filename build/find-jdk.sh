# shellcheck shell=bash
# Sourced by vhdxd and verify. Finds what is needed to build and to run: a JDK of the right version, and Maven.

readonly JDK_VERSION_MIN=25

# Prints the feature version (25 for "25.0.3") of the JDK in the directory $1; nothing if there is none.
jdk_version() {
    local home=$1 key value version=''
    [[ -x $home/bin/javac && -x $home/bin/java ]] || return 0
    if [[ -r $home/release ]]; then
        while IFS='=' read -r key value; do
            [[ $key == JAVA_VERSION ]] && version=${value//[\"$'\r']/}
        done <"$home/release"
    fi
    if [[ -z $version ]]; then
        version=$("$home/bin/java" -version 2>&1 | sed -n 's/.* version "\([^"]*\)".*/\1/p')
    fi
    [[ $version =~ ^(1\.)?([0-9]+) ]] && echo "${BASH_REMATCH[2]}"
    return 0
}

# Prints the directories in which a JDK may be, one a line. What the user set comes first.
jdk_candidates() {
    local javac
    [[ -n ${JAVA_HOME:-} ]] && echo "$JAVA_HOME"
    if javac=$(command -v javac) && javac=$(readlink -f "$javac"); then
        echo "${javac%/bin/javac}"
    fi
    printf '%s\n' /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /usr/local/java/* /opt/* /opt/java/* \
        ~/.sdkman/candidates/java/* ~/.jdks/* ~/.asdf/installs/java/* ~/.local/share/mise/installs/java/* \
        /Library/Java/JavaVirtualMachines/*/Contents/Home
}

# Sets JDK to the home of a JDK. The user's choice wins if it is new enough; else the lowest version that is, which is
# the one that the build was tested with. Without one, prints what to install and fails.
find_jdk() {
    local home version best='' older=''
    JDK=
    while IFS= read -r home; do
        version=$(jdk_version "$home")
        [[ -n $version ]] || continue
        if ((version < JDK_VERSION_MIN)); then
            older+=" $version ($home)"
        elif [[ $home == "${JAVA_HOME:-}" ]]; then
            JDK=$home
            return 0
        elif [[ -z $best ]] || ((version < best)); then
            best=$version
            JDK=$home
        fi
    done < <(jdk_candidates)
    [[ -n $JDK ]] && return 0
    {
        echo "vhdxd needs a JDK $JDK_VERSION_MIN or newer, and there is none${older:+; found only:$older}."
        echo "Install one, for example:"
        echo "  Debian 13 and newer, Ubuntu:  apt install openjdk-25-jdk-headless"
        echo "  Fedora:                       dnf install java-25-openjdk-devel"
        echo "  anything else:                Eclipse Temurin 25 from https://adoptium.net"
        echo "If it is in an unusual place, set JAVA_HOME to it."
    } >&2
    return 1
}

# Fails, and prints what to install, if there is no Maven.
require_maven() {
    command -v mvn >/dev/null && return 0
    {
        echo "vhdxd needs Maven 3.8 or newer to build itself, and there is no 'mvn' in the PATH."
        echo "Install it, for example:  apt install maven   (Fedora: dnf install maven)"
    } >&2
    return 1
}
