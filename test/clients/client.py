"""The conversation of test/e2e/generated-clients.test.ts, by a client that openapi-python-client made."""

import io
import json
import os

from generated import Client
from generated.api.approvals import cancel_approval, decide_ballot, get_approval, request_approval
from generated.api.callbacks import list_callbacks
from generated.api.operations import ready
from generated.api.promises import resolve_promise
from generated.api.webhooks import take_webhook
from generated.api.workflows import begin_workflow, wait_for_workflow
from generated.models import ApprovalRequest, CancelRequest, DecideRequest, PersonInput
from generated.models import Problem, WorkflowResolved
from generated.types import File

url, name = os.environ["SERVICE_URL"], os.environ["CLIENT_NAME"]
client = Client(base_url=url, raise_on_unexpected_status=True, timeout=60)
webhooks = Client(base_url=url, headers=json.loads(os.environ["WEBHOOK_HEADERS"]))

healthy = ready.sync(client=client)
begun = begin_workflow.sync(client=client, id=f"{name}-greeting", func="greet", body="World")
greeted = wait_for_workflow.sync(client=client, id=begun.promise, prefer="wait=30")
assert isinstance(greeted, WorkflowResolved), greeted

request = ApprovalRequest(title="Pens", approvers=["ana@example.com", PersonInput(email="bo@example.com", name="Bo")])
asked = request_approval.sync(client=client, body=request, idempotency_key=f"{name}-pens")
pending = get_approval.sync(client=client, id=asked.id)
decided = decide_ballot.sync(
    client=client, id=asked.id, n=1, body=DecideRequest(choice="approve", comment="Fine")
)
ended = wait_for_workflow.sync(client=client, id=asked.id, prefer="wait=30")
approval = get_approval.sync(client=client, id=asked.id)

unwanted = request_approval.sync(client=client, body=ApprovalRequest(title="Ink", approvers=["ana@example.com"]))
cancel_approval.sync(client=client, id=unwanted.id, body=CancelRequest(reason="No budget"))
# That call waits for two seconds at most.
wait_for_workflow.sync(client=client, id=unwanted.id, prefer="wait=30")
cancelled = get_approval.sync(client=client, id=unwanted.id)

refused = request_approval.sync(client=client, body=ApprovalRequest(title="Ink", approvers=["nobody"]))
assert isinstance(refused, Problem), refused
unknown = resolve_promise.sync(client=client, id="nobody", body={"ok": True})
assert isinstance(unknown, Problem), unknown
taken = take_webhook.sync(
    client=webhooks, source="acme", body=File(payload=io.BytesIO(os.environ["WEBHOOK_BODY"].encode()))
)

print(
    json.dumps(
        {
            "ready": healthy.status,
            "greeting": greeted.result,
            "require": pending.require.value,
            "days": round((pending.deadline - pending.created_at).total_seconds() / 86400),
            "waitingFor": pending.waiting_for,
            "decided": [decided.effective, decided.stands.kind.value, decided.stands.by, decided.stands.at.year > 2000],
            "ended": ended.status.value,
            "outcome": [
                approval.status.value,
                approval.outcome.decisions[0].comment,
                approval.ended_at >= approval.created_at,
            ],
            "cancelled": cancelled.status.value,
            "refused": [refused.status, [problem.field for problem in refused.errors]],
            "unknown": unknown.type_,
            "callbacks": len(list_callbacks.sync(client=client).callbacks),
            "webhook": [taken.source, taken.result.value],
        }
    )
)
