import { NonRetryableError, TimeoutError } from "../errors/step-errors.ts";
import type { JsonValue } from "../models/json.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { PollEndpointConfig, StoredPollConfig } from "../models/poll-endpoint.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { storedPollConfig } from "../runtime/poll-config.ts";
import { pollOnce } from "../runtime/poll-request.ts";
import type { Payloads } from "../runtime/payloads.ts";
import type { StepExecutionContext } from "../traits/step-execution-context.ts";
import { dataAfter } from "./data-after.ts";
import { finish } from "./flow.ts";
import { evaluate } from "./mappings.ts";
import { instantOf, type PassScope } from "./pass-scope.ts";

/** What a pointer that polls is said to wait for; its event key is the encoded {@link Polling}. */
const POLL_EVENT = "wfe.poll";

/** What a pointer keeps from its first request to the end of its poll. */
export interface Polling {
  readonly config: StoredPollConfig;
  /** When the last request is made, in epoch milliseconds. */
  readonly deadlineMs: number;
}

/** What a request came to. */
export type PollResult =
  | { readonly kind: "pollAgain"; readonly polling: Polling; readonly dueMs: number }
  | { readonly kind: "polled"; readonly answer: { readonly status: number; readonly body: JsonValue } }
  | { readonly kind: "pollTimedOut" };

/** Whether a pointer polls, for a `pollEndpoint` or for a step that has asked for it. */
export function isPolling(pointer: PointerRow): boolean {
  return pointer.eventName === POLL_EVENT;
}

/** What a pointer that polls keeps of that. @throws WfeError `WFE_PAYLOAD_UNREADABLE` */
export function pollOf(pointer: PointerRow, payloads: Payloads): Polling {
  return payloads.decode(pointer.eventKey ?? "", "the poll") as Polling; // written by polls
}

/** The pointer without its poll: another run begins anew. */
export function withoutPoll(pointer: PointerRow): PointerRow {
  return isPolling(pointer) ? { ...pointer, eventName: undefined, eventKey: undefined } : pointer;
}

/** Makes one request. @throws PollError, NonRetryableError for a bad config, TimeoutError when it was the last and no block stands behind it */
export async function runPoll(scope: PassScope, step: StepDefinition, pointer: PointerRow, ctx: StepExecutionContext): Promise<PollResult> {
  const { services } = scope;
  const polling = pollingOf(scope, step, pointer, ctx);
  const { config, deadlineMs } = polling;
  const answer = await pollOnce(config, ctx.data, services.polls, ctx.signal);
  if (answer.satisfied) return { kind: "polled", answer: { status: answer.status, body: answer.body } };
  const nowMs = services.clock.now();
  if (nowMs < deadlineMs) return { kind: "pollAgain", polling, dueMs: Math.min(nowMs + config.interval, deadlineMs) };
  if (scope.definition.hasTimeoutBlock(step)) return { kind: "pollTimedOut" };
  throw new TimeoutError(`the poll of the step ${JSON.stringify(step.name)} (${answer.problem})`, config.timeout, { retryable: false });
}

/** A step has asked for a poll with its result: it begins at once, and wakes the step with its answer. @throws NonRetryableError for a bad config */
export function beginPoll(scope: PassScope, pointer: PointerRow, config: PollEndpointConfig): void {
  scope.state.put(polls(scope, { ...pointer, status: "pending" }, newPolling(scope, config)));
}

/** Applies what a request came to. @throws whatever an output mapping throws */
export function applyPoll(scope: PassScope, step: StepDefinition, pointer: PointerRow, result: PollResult): void {
  const { state, services } = scope;
  switch (result.kind) {
    case "pollAgain": {
      const sleeping: PointerRow = { ...pointer, status: "sleeping", crashCount: 0, dueAt: instantOf(result.dueMs) };
      state.put(polls(scope, sleeping, result.polling));
      return;
    }
    case "pollTimedOut":
      finish(scope, step, withoutPoll(pointer), "complete", { timedOut: true });
      return;
    case "polled": {
      const bare = withoutPoll(pointer);
      if (step.kind === "pollEndpoint") {
        finish(scope, step, bare, "complete", { data: dataAfter(scope, step, bare, result.answer) });
        return;
      }
      const { payloads } = services;
      const eventData = payloads.encode(payloads.stored(result.answer, "the answer"), "the answer of an endpoint", payloads.limits.data);
      state.put({ ...bare, status: "pending", eventData, resultCount: pointer.resultCount + 1, crashCount: 0, retryCount: 0 });
    }
  }
}

function polls({ services: { payloads } }: PassScope, pointer: PointerRow, polling: Polling): PointerRow {
  const eventKey = payloads.encode(payloads.stored(polling, "the poll"), "the poll", payloads.limits.data);
  return { ...pointer, eventName: POLL_EVENT, eventKey };
}

function pollingOf(scope: PassScope, step: StepDefinition, pointer: PointerRow, ctx: StepExecutionContext): Polling {
  if (isPolling(pointer)) return pollOf(pointer, scope.services.payloads);
  const selector = step.functions?.["config"];
  const config = selector === undefined ? step.settings?.["config"] : evaluate(scope.definition, step, selector, ctx);
  return newPolling(scope, config as PollEndpointConfig); // checked there
}

function newPolling({ services }: PassScope, config: PollEndpointConfig): Polling {
  try {
    const stored = storedPollConfig(config);
    return { config: stored, deadlineMs: services.clock.now() + stored.timeout };
  } catch (cause) {
    throw new NonRetryableError((cause as Error).message, { cause });
  }
}
