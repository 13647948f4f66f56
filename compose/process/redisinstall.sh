# Run by sh as root where apt-get has redis-server. A policy of 101 keeps the package
# from starting a Redis of its own on port 6379; it is taken away again on every
# exit. Then the unit is disabled, or the next boot would start it.
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
fi
apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 redis-server
if command -v systemctl > /dev/null; then systemctl disable redis-server > /dev/null 2>&1 || true; fi
