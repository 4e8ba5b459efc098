#!/bin/sh
# Pings a healthcheck service (Healthchecks.io or a compatible one) after a run, with the summary as the body:
#   enrich run --on-finish /usr/local/lib/enrich/healthcheck.sh leads.csv
# The service alerts if a ping says that the run failed, or if no ping comes. The address is in a file that only this user may read.
set -eu
address=$(cat "${HEALTHCHECK_URL_FILE:-$HOME/.config/enrich/healthcheck-url}")

case $EXIT_STATUS in
0 | 3 | 5) path= ;; # done, some rows failed, or a cap: not a failure of the job
*) path=/fail ;;
esac

# The summary is on standard input, so the address comes in through another descriptor.
curl --config /dev/fd/3 --silent --show-error --fail --max-time 10 --retry 2 --output /dev/null --data-binary @- 3<<CONFIG
url = "$address$path"
CONFIG
