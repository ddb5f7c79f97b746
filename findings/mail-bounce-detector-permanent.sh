#!/usr/bin/env bash
# Package:   PyPI flufl.bounce 6.0.0
# Behaviour: which failures of a delivery status notification (RFC 3464) count as permanent follows from `Action` alone:
#            `failed` is permanent whatever the status says, also a full mailbox (5.2.2), a sender without authentication
#            (5.7.26), and a relay that gave up after days of a recipient's server being away (4.4.7). `Status`, which
#            RFC 3463 made to tell these apart, is not looked at.
# Output seen:
#   failed 5.1.1: permanent
#   failed 5.2.2: permanent
#   failed 5.7.26: permanent
#   failed 4.4.7: permanent
#   delayed 4.4.1: temporary
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check flufl.bounce==6.0.0
cat > see.py <<'X'
from email import message_from_string
from flufl.bounce import all_failures

def notification(action, status):
    return message_from_string(f"""From: MAILER-DAEMON@relay.example.com
To: approvals@example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your mail could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.com

Final-Recipient: rfc822; ana@example.com
Action: {action}
Status: {status}

--b--
""")

for action, status in [("failed", "5.1.1"), ("failed", "5.2.2"), ("failed", "5.7.26"), ("failed", "4.4.7"), ("delayed", "4.4.1")]:
    temporary, permanent = all_failures(notification(action, status))
    print(f"{action} {status}:", "permanent" if permanent else "temporary" if temporary else "nothing")
X
said=$(venv/bin/python see.py)
echo "$said"
[ "$said" = "failed 5.1.1: permanent
failed 5.2.2: permanent
failed 5.7.26: permanent
failed 4.4.7: permanent
delayed 4.4.1: temporary" ]
