#!/usr/bin/env bash
# Package:   PyPI durabletask 1.12.0 (the Durable Task SDK by Microsoft), on the in-memory backend that it brings
# Behaviour: an orchestration that waits for an event or a timer, whichever comes first, has no way to give up the wait that
#            lost. It stays first in the line for its name. So a second wait for the same name, as after a reminder, does not get
#            the answer: the lost one takes it, and whoever waits goes on waiting until the time is over. Only the next answer of
#            that name reaches the second wait. Give each round a name of its own, or wait for the first round's task again.
# Output seen:
#   one answer after the reminder:     first wait: "yes"   second wait: timed out
#   the first wait is used again:      first wait: "yes"   second wait: not made
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check durabletask==1.12.0
cat > try.py <<'X'
import json
import logging
import socket
import time
from datetime import timedelta

from durabletask import client, task, worker
from durabletask.testing import create_test_backend

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]


def asks(ctx: task.OrchestrationContext, again: bool):
    first = ctx.wait_for_external_event("decision")
    yield task.when_any([first, ctx.create_timer(timedelta(seconds=1))])
    ctx.set_custom_status("reminded")
    second = first if again else ctx.wait_for_external_event("decision")
    end = ctx.create_timer(timedelta(seconds=10))
    yield task.when_any([second, end])
    taken = first.get_result() if first.is_complete else None
    return [taken, "not made" if again else "answered" if second.is_complete else "timed out"]


backend = create_test_backend(port=port)
hub = worker.TaskHubGrpcWorker(host_address=f"127.0.0.1:{port}", log_handler=logging.NullHandler())
hub.add_orchestrator(asks)
hub.start()
caller = client.TaskHubGrpcClient(host_address=f"127.0.0.1:{port}", log_handler=logging.NullHandler())
for again, title in ((False, "one answer after the reminder:"), (True, "the first wait is used again:")):
    name = caller.schedule_new_orchestration(asks, input=again)
    while caller.get_orchestration_state(name).serialized_custom_status is None:
        time.sleep(0.1)
    caller.raise_orchestration_event(name, "decision", data="yes")
    state = caller.wait_for_orchestration_completion(name, timeout=60)
    first, second = json.loads(state.serialized_output)
    print(f"{title:<35}first wait: {json.dumps(first)}   second wait: {second}")
hub.stop()
backend.stop()
X
said=$(venv/bin/python try.py 2>err || { cat err; false; }); echo "$said"
grep -q '^one answer after the reminder:     first wait: "yes"   second wait: timed out$' <<<"$said"
grep -q '^the first wait is used again:      first wait: "yes"   second wait: not made$' <<<"$said"
