#!/usr/bin/env bash
# Package:   PyPI durabletask 1.12.0 (the Durable Task SDK by Microsoft), on the in-memory backend that it brings
# Behaviour: the name of an external event is folded before it is compared, where ids of orchestrations are not. So two waits whose
#            names differ in case alone, as with random ids in letters of both cases, are two places in one line: an answer goes to
#            whichever was asked first, not to the one that it names.
# Output seen (who was answered, after an answer to the second alone):
#   waits: decision-aB decision-Ab    answered: decision-aB
#   waits: decision-1 decision-2      answered: decision-2
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check durabletask==1.12.0
cat > try.py <<'X'
import json
import logging
import socket

from durabletask import client, task, worker
from durabletask.testing import create_test_backend

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]


def asks(ctx: task.OrchestrationContext, names: list):
    waits = [ctx.wait_for_external_event(name) for name in names]
    yield task.when_any(waits)
    return [name for name, wait in zip(names, waits) if wait.is_complete]


backend = create_test_backend(port=port)
hub = worker.TaskHubGrpcWorker(host_address=f"127.0.0.1:{port}", log_handler=logging.NullHandler())
hub.add_orchestrator(asks)
hub.start()
caller = client.TaskHubGrpcClient(host_address=f"127.0.0.1:{port}", log_handler=logging.NullHandler())
for names in (["decision-aB", "decision-Ab"], ["decision-1", "decision-2"]):
    name = caller.schedule_new_orchestration(asks, input=names)
    caller.raise_orchestration_event(name, names[1], data="yes")
    state = caller.wait_for_orchestration_completion(name, timeout=60)
    print(f"waits: {' '.join(names):<24}   answered: {' '.join(json.loads(state.serialized_output))}")
hub.stop()
backend.stop()
X
said=$(venv/bin/python try.py 2>err || { cat err; false; }); echo "$said"
grep -Eq '^waits: decision-aB decision-Ab +answered: decision-aB$' <<<"$said"
grep -Eq '^waits: decision-1 decision-2 +answered: decision-2$' <<<"$said"
