#!/bin/sh
# Tells a Slack channel how a run ended:
#   enrich run --on-finish /usr/local/lib/enrich/slack.sh leads.csv
# The address of the incoming webhook is a secret. It is in a file that only this user may read, not in a command line.
set -eu
webhook=$(cat "${SLACK_WEBHOOK_FILE:-$HOME/.config/enrich/slack-webhook}")
summary=$(cat)

# figure prints the first number of the summary that has a name.
figure() { printf '%s\n' "$summary" | sed -n "s/^ *\"$1\": \([0-9][0-9]*\),*\$/\1/p" | head -n 1; }

case $EXIT_STATUS in
0) how=":white_check_mark: enrich is done" ;;
3) how=":warning: enrich is done; some rows failed" ;;
5) how=":hourglass: enrich reached a cap; the next run continues" ;;
*) how=":x: enrich ended with $EXIT_STATUS" ;;
esac
text="$how: $(figure read) rows, $(figure matched) matched, $(figure no_match) no match, $(figure failed) failed, $(figure pending) pending"

printf 'url = "%s"\n' "$webhook" |
	curl --config - --silent --show-error --fail --max-time 10 --retry 2 --output /dev/null \
		--header 'Content-Type: application/json' --data "{\"text\": \"$text\"}"
