/** What a newcomer at a terminal reads first: where things are and a first call to try. */
export function welcome(url: string, mailbox: boolean): string {
  const body = `{"title":"Order 40 laptops","approvers":["ana@example.com"]}`;
  return `
  Countersign is ready at ${url}
${mailbox ? `  Mails end up in ${url}/mailbox\n` : ""}
  A first approval:
    curl ${url}/approvals -H 'content-type: application/json' -d '${body}'

`;
}
