// The conversation of test/e2e/generated-clients.test.ts, by a Go client that OpenAPI Generator made.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"

	api "generated/api"
)

func must[T any](value T, _ any, err error) T {
	if err != nil {
		if refusal, ok := err.(*api.GenericOpenAPIError); ok {
			err = fmt.Errorf("%w: %s", err, refusal.Body())
		}
		panic(err)
	}
	return value
}

// The problem that a call is refused with.
func problem(_ any, _ any, err error) api.Problem {
	var refusal *api.GenericOpenAPIError
	refusal, ok := err.(*api.GenericOpenAPIError)
	if !ok {
		panic(fmt.Errorf("not refused: %w", err))
	}
	found, ok := refusal.Model().(api.Problem)
	if !ok {
		panic(fmt.Errorf("no problem: %s", refusal.Body()))
	}
	return found
}

func request(title string, approvers []api.PersonOrAddress) *api.ApprovalRequest {
	made := api.NewApprovalRequest(title)
	made.SetApprovers(approvers)
	return made
}

func address(text string) api.PersonOrAddress { return api.StringAsPersonOrAddress(&text) }

func main() {
	ctx, name := context.Background(), os.Getenv("CLIENT_NAME")
	config := api.NewConfiguration()
	config.Servers = api.ServerConfigurations{{URL: os.Getenv("SERVICE_URL")}}
	client := api.NewAPIClient(config)

	ready := must(client.OperationsAPI.Ready(ctx).Execute())
	begun := must(client.WorkflowsAPI.BeginWorkflow(ctx).Id(name + "-greeting").Func_("greet").Body("World").Execute())
	greeted := must(client.WorkflowsAPI.WaitForWorkflow(ctx).Id(begun.Promise).Prefer("wait=30").Execute())

	bo := api.NewPersonInput("bo@example.com")
	bo.SetName("Bo")
	asking := request("Pens", []api.PersonOrAddress{address("ana@example.com"), api.PersonInputAsPersonOrAddress(bo)})
	asked := must(client.ApprovalsAPI.RequestApproval(ctx).ApprovalRequest(*asking).IdempotencyKey(name + "-pens").Execute())
	pending := must(client.ApprovalsAPI.GetApproval(ctx, asked.Id).Execute())
	decision := api.NewDecideRequest("approve")
	decision.SetComment("Fine")
	decided := must(client.ApprovalsAPI.DecideBallot(ctx, asked.Id, 1).DecideRequest(*decision).Execute())
	stands := decided.Stands.BallotDecided
	ended := must(client.WorkflowsAPI.WaitForWorkflow(ctx).Id(asked.Id).Prefer("wait=30").Execute())
	approval := must(client.ApprovalsAPI.GetApproval(ctx, asked.Id).Execute())

	unwanted := must(client.ApprovalsAPI.RequestApproval(ctx).ApprovalRequest(*request("Ink", []api.PersonOrAddress{address("ana@example.com")})).Execute())
	reason := api.NewCancelRequest()
	reason.SetReason("No budget")
	must(client.ApprovalsAPI.CancelApproval(ctx, unwanted.Id).CancelRequest(*reason).Execute())
	// That call waits for two seconds at most.
	must(client.WorkflowsAPI.WaitForWorkflow(ctx).Id(unwanted.Id).Prefer("wait=30").Execute())
	cancelled := must(client.ApprovalsAPI.GetApproval(ctx, unwanted.Id).Execute())

	refused := problem(client.ApprovalsAPI.RequestApproval(ctx).ApprovalRequest(*request("Ink", []api.PersonOrAddress{address("nobody")})).Execute())
	fields := []string{}
	for _, each := range refused.Errors {
		fields = append(fields, each.Field)
	}
	unknown := problem(client.PromisesAPI.ResolvePromise(ctx, "nobody").Body(map[string]any{"ok": true}).Execute())
	callbacks := must(client.CallbacksAPI.ListCallbacks(ctx).Execute())

	body, err := os.CreateTemp("", "webhook")
	if err != nil {
		panic(err)
	}
	defer os.Remove(body.Name())
	if _, err := body.WriteString(os.Getenv("WEBHOOK_BODY")); err != nil {
		panic(err)
	}
	if _, err := body.Seek(0, 0); err != nil {
		panic(err)
	}
	headers := map[string]string{}
	if err := json.Unmarshal([]byte(os.Getenv("WEBHOOK_HEADERS")), &headers); err != nil {
		panic(err)
	}
	for header, value := range headers {
		config.AddDefaultHeader(header, value)
	}
	taken := must(client.WebhooksAPI.TakeWebhook(ctx, "acme").Body(body).Execute()).WebhookTaken

	told, err := json.Marshal(map[string]any{
		"ready":      ready.Status,
		"greeting":   greeted.WorkflowResolved.Result,
		"require":    pending.Require.String,
		"days":       math.Round(pending.Deadline.Sub(pending.CreatedAt).Hours() / 24),
		"waitingFor": pending.WaitingFor,
		"decided":    []any{decided.Effective, stands.Kind, stands.By, stands.At.Year() > 2000},
		"ended":      ended.WorkflowResolved.Status,
		"outcome":    []any{approval.Status, approval.Outcome.Decisions[0].Comment, !approval.EndedAt.Before(approval.CreatedAt)},
		"cancelled":  cancelled.Status,
		"refused":    []any{refused.Status, fields},
		"unknown":    unknown.Type,
		"callbacks":  len(callbacks.Callbacks),
		"webhook":    []any{taken.Source, taken.Result},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(told))
}
