/** What each text is given. Made by `npm run generate` from `views/messages/en.json`. */
export interface MessageArgs {
  readonly "approve.all": { readonly eligible: number };
  readonly "approve.alone": null;
  readonly "approve.one": null;
  readonly "approve.some": { readonly eligible: number; readonly enough: number };
  readonly "deadline.approve": null;
  readonly "deadline.escalate": null;
  readonly "deadline.expire": null;
  readonly "deadline.reject": null;
  readonly "reject.all": { readonly eligible: number };
  readonly "reject.alone": null;
  readonly "reject.one": null;
  readonly "reject.some": { readonly eligible: number; readonly enough: number };
  readonly "rule.all": { readonly eligible: number };
  readonly "rule.alone": null;
  readonly "rule.any": { readonly eligible: number };
  readonly "rule.some": { readonly eligible: number; readonly needed: number };
}
