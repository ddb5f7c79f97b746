"""The conversation of test/e2e/generated-clients.test.ts, by a Python client that OpenAPI Generator made."""

import json
import os

import generated
from generated.exceptions import NotFoundException, UnprocessableEntityException

url, name = os.environ["SERVICE_URL"], os.environ["CLIENT_NAME"]
client = generated.ApiClient(generated.Configuration(host=url))
approvals, workflows = generated.ApprovalsApi(client), generated.WorkflowsApi(client)

healthy = generated.OperationsApi(client).ready()
begun = workflows.begin_workflow(id=f"{name}-greeting", func="greet", body="World")
greeted = workflows.wait_for_workflow(begun.promise, prefer="wait=30").actual_instance

Person = generated.PersonOrAddress
request = generated.ApprovalRequest(
    title="Pens",
    approvers=[Person("ana@example.com"), Person(generated.PersonInput(email="bo@example.com", name="Bo"))],
)
asked = approvals.request_approval(request, idempotency_key=f"{name}-pens")
pending = approvals.get_approval(asked.id)
decided = approvals.decide_ballot(asked.id, 1, generated.DecideRequest(choice="approve", comment="Fine"))
stands = decided.stands.actual_instance
ended = workflows.wait_for_workflow(asked.id, prefer="wait=30").actual_instance
approval = approvals.get_approval(asked.id)

unwanted = approvals.request_approval(generated.ApprovalRequest(title="Ink", approvers=[Person("ana@example.com")]))
approvals.cancel_approval(unwanted.id, cancel_request=generated.CancelRequest(reason="No budget"))
# That call waits for two seconds at most.
workflows.wait_for_workflow(unwanted.id, prefer="wait=30")
cancelled = approvals.get_approval(unwanted.id)

try:
    approvals.request_approval(generated.ApprovalRequest(title="Ink", approvers=[Person("nobody")]))
    raise AssertionError("It was taken")
except UnprocessableEntityException as error:
    refused = generated.Problem.from_json(error.body)
try:
    generated.PromisesApi(client).resolve_promise("nobody", {"ok": True})
    raise AssertionError("It was there")
except NotFoundException as error:
    unknown = generated.Problem.from_json(error.body)
taken = generated.WebhooksApi(client).take_webhook(
    "acme", os.environ["WEBHOOK_BODY"].encode(), _headers=json.loads(os.environ["WEBHOOK_HEADERS"])
)
taken = taken.actual_instance

print(
    json.dumps(
        {
            "ready": healthy.status,
            "greeting": greeted.result,
            "require": pending.require.actual_instance,
            "days": round((pending.deadline - pending.created_at).total_seconds() / 86400),
            "waitingFor": pending.waiting_for,
            "decided": [decided.effective, stands.kind, stands.by, stands.at.year > 2000],
            "ended": ended.status,
            "outcome": [
                approval.status.value,
                approval.outcome.decisions[0].comment,
                approval.ended_at >= approval.created_at,
            ],
            "cancelled": cancelled.status.value,
            "refused": [refused.status, [problem.var_field for problem in refused.errors]],
            "unknown": unknown.type,
            "callbacks": len(generated.CallbacksApi(client).list_callbacks().callbacks),
            "webhook": [taken.source, taken.result],
        }
    )
)
