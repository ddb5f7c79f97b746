/** `countersign/agents`: tools that run only when people have approved them. */
export { Cancelled, Changed, Expired, NotApproved, Rejected, Used } from "./errors.ts";
export { forAiSdk, forAnthropic, forLangChain, forMastra, forOpenAiAgents } from "./frameworks.ts";
export {
  type ApprovedTool,
  type Arguments,
  type Call,
  type Granted,
  type Policy,
  requireApproval,
  type Tool,
} from "./require-approval.ts";
