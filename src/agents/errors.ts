/** Why a tool was not run. Each of these is certain: nothing was run, except after `Used`, which says so. */

/** The tool was not run, because there is no approval for it. */
export class NotApproved extends Error {
  override readonly name: string = "NotApproved";
  /** Id of the approval. */
  readonly approval: string;

  constructor(approval: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.approval = approval;
  }
}

/** People said no. The message has what they wrote. */
export class Rejected extends NotApproved {
  override readonly name = "Rejected";
}

/** Nobody decided in time, or the tool was not run in the time for which it was approved. */
export class Expired extends NotApproved {
  override readonly name = "Expired";
}

/** What was approved under this id is not what is to be run now: its arguments or its question are others. */
export class Changed extends NotApproved {
  override readonly name = "Changed";
}

/** The approval was taken back before the tool was run. */
export class Cancelled extends NotApproved {
  override readonly name = "Cancelled";
}

/**
 * Another attempt got the grant: another process, or this one before it was started again. The tool may have run then. Look
 * before you ask again under another id.
 */
export class Used extends NotApproved {
  override readonly name = "Used";
}
