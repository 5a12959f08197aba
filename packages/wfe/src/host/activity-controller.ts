import { isDeepStrictEqual } from "node:util";
import {
  ACTIVITY_EVENT,
  type ActivityOutcome,
  type ActivityToken,
  type Duration,
  durationMs,
  ENGINE_EVENT_PREFIX,
  isNonRetryable,
  type JsonValue,
  type PendingActivity,
} from "wfe-core";
import { type ClaimedOffer, claimedOffer, newActivityToken, tokenInvalid } from "./activity-token.ts";
import { checkOptions, checkText } from "./arguments.ts";
import type { HostServices } from "./host-services.ts";
import { OfferWaits } from "./offer-waits.ts";

/** A failure as a worker tells of it. */
export type SubmittedFailure = Error | { readonly message: string; readonly data?: JsonValue; readonly retryable?: boolean };

/** What the process of an activity controller does for it. */
export interface ActivityEffects {
  /** @throws WfeError `WFE_HOST_NOT_RUNNING` */
  assertRunning(): void;
  /** An instance got something: look at it. */
  changed(workflowId: string): void;
}

/** Hands activities to outside workers, and takes what comes of them. */
export class ActivityController {
  readonly #services: HostServices;
  readonly #effects: ActivityEffects;
  readonly #waits: OfferWaits;

  constructor(services: HostServices, effects: ActivityEffects) {
    this.#services = services;
    this.#effects = effects;
    this.#waits = new OfferWaits(services.clock, services.options);
  }

  /** An activity of this name was offered by this process. */
  offered(activity: string): void {
    this.#waits.offered(activity);
  }

  /** The process stops: those who wait for an offer are told so. */
  stop(): void {
    this.#waits.stop();
  }

  /**
   * Claims the activity of this name that was offered first.
   *
   * @param options.wait - How long to wait for an offer, when there is none. @default not at all
   * @returns `undefined` when there was none.
   * @throws RangeError for a bad duration; SerializationError when its input cannot be read: the claim is given back then;
   * WfeError `WFE_HOST_NOT_RUNNING`, also when the process stops meanwhile.
   */
  async getPending(
    name: unknown,
    workerId: string,
    options: { readonly lease: Duration; readonly wait?: Duration },
  ): Promise<PendingActivity<unknown, never> | undefined> {
    const activity = checkText(name, "an activity's name");
    if (activity.trim() === "") throw new RangeError(`an activity's name may not be blank: got ${JSON.stringify(activity)}`);
    checkText(workerId, "a worker's id");
    const { lease, wait: limit = 0 } = checkOptions(options, "the options of getPendingActivity");
    const leaseMs = leaseMsOf(lease);
    const wait = this.#waits.begin(activity, durationMs(limit, "wait"));
    try {
      for (;;) {
        this.#effects.assertRunning();
        const pending = await this.#claim(activity, workerId, leaseMs);
        if (pending !== undefined || !(await wait.next())) return pending;
      }
    } finally {
      wait.end();
    }
  }

  /** @throws WfeError `WFE_ACTIVITY_TOKEN_INVALID`; SerializationError, PayloadTooLargeError for the result */
  async success(token: ActivityToken, result: unknown): Promise<void> {
    return this.#submit(token, result === undefined ? { kind: "success", token } : { kind: "success", result: result as JsonValue, token });
  }

  /** @throws WfeError `WFE_ACTIVITY_TOKEN_INVALID`; SerializationError, PayloadTooLargeError for its data; TypeError for what is no failure */
  async failure(token: ActivityToken, error: SubmittedFailure): Promise<void> {
    return this.#submit(token, { kind: "failure", ...describedFailure(error), token });
  }

  /** @returns Whether the claim was this token's and not over, and lasts so much longer from now. @throws WfeError `WFE_ACTIVITY_TOKEN_INVALID`; RangeError for a bad lease */
  async extend(token: ActivityToken, lease: Duration): Promise<boolean> {
    this.#effects.assertRunning();
    const now = this.#services.clock.now();
    const until = new Date(now + leaseMsOf(lease));
    return this.#services.persistence.extendSubscriptionToken(claimedOffer(token).subscriptionId, token, until, new Date(now));
  }

  /** Offers the activity to others. @throws WfeError `WFE_ACTIVITY_TOKEN_INVALID` */
  async release(token: ActivityToken): Promise<void> {
    this.#effects.assertRunning();
    if (!(await this.#services.persistence.clearSubscriptionToken(claimedOffer(token).subscriptionId, token)))
      throw tokenInvalid("holds no activity any more");
  }

  async #claim(activity: string, workerId: string, leaseMs: number): Promise<PendingActivity<unknown, never> | undefined> {
    const { persistence, clock, entropy, payloads } = this.#services;
    for (;;) {
      const now = clock.now();
      const offer = await persistence.getFirstOpenSubscription(activity, new Date(now));
      if (offer === undefined) return undefined;
      const token = newActivityToken(offer, entropy);
      const expiresAt = new Date(now + leaseMs);
      if (!(await persistence.setSubscriptionToken(offer.id, token, workerId, expiresAt, new Date(now)))) continue; // another worker was faster
      try {
        return { token, input: offer.input === undefined ? undefined : payloads.decode(offer.input, "the input of the activity"), expiresAt };
      } catch (error) {
        await persistence.clearSubscriptionToken(offer.id, token);
        throw error;
      }
    }
  }

  async #submit(token: ActivityToken, outcome: ActivityOutcome): Promise<void> {
    this.#effects.assertRunning();
    const { persistence, payloads } = this.#services;
    const offer = claimedOffer(token);
    // One for each offer: the first outcome is the one that counts, whoever submits it.
    const id = `${ENGINE_EVENT_PREFIX}activity/${offer.key}`;
    const stored = payloads.stored(outcome, "the outcome of the activity");
    if ((await persistence.getEvent(id)) === undefined) await this.#store(id, offer, token, stored);
    const taken = await persistence.getEvent(id);
    if (!isDeepStrictEqual(taken?.data === undefined ? undefined : payloads.decode(taken.data, "the outcome of an activity"), stored)) {
      throw tokenInvalid("comes too late, the activity has another outcome");
    }
    if (taken?.delivered === false) await this.#deliver(id, offer);
  }

  async #store(id: string, { subscriptionId, key }: ClaimedOffer, token: ActivityToken, outcome: unknown): Promise<void> {
    const { persistence, clock, payloads } = this.#services;
    const now = new Date(clock.now());
    const offer = await persistence.getSubscription(subscriptionId);
    if (offer === undefined || offer.token !== token) throw tokenInvalid("holds no activity any more");
    if (offer.tokenExpiresAt === undefined || offer.tokenExpiresAt <= now) throw tokenInvalid("has expired");
    const data = payloads.encode(outcome, "the outcome of the activity", payloads.limits.event);
    await persistence.createEvent({ id, name: ACTIVITY_EVENT, key, time: now, data }, now);
  }

  /** Before the worker is answered: an outcome that was accepted is not dropped for a limit of time that runs out before it is delivered. */
  async #deliver(id: string, { subscriptionId, key }: ClaimedOffer): Promise<void> {
    const { persistence, clock } = this.#services;
    const reached = await persistence.deliverEvents([{ name: ACTIVITY_EVENT, key }], new Date(clock.now()));
    for (const workflowId of reached) this.#effects.changed(workflowId);
    if (reached.length > 0 || (await persistence.getSubscription(subscriptionId)) !== undefined) return;
    // The offer is gone with its limit or its branch; or with the outcome, which another submission or a sweep has delivered a moment before.
    if (!(await persistence.isEventConsumed(id))) throw tokenInvalid("comes too late, the activity is offered no more");
  }
}

/** How long a claim lasts. @throws RangeError when that is no duration, or nothing */
function leaseMsOf(lease: Duration | undefined): number {
  const leaseMs = durationMs(lease as Duration, "lease"); // which refuses anything else
  if (leaseMs === 0) throw new RangeError("lease must be longer than nothing: got 0");
  return leaseMs;
}

function describedFailure(error: SubmittedFailure): Omit<Extract<ActivityOutcome, { kind: "failure" }>, "kind" | "token"> {
  const { message, name, data, retryable } = (error ?? {}) as { message?: unknown; name?: unknown; data?: JsonValue; retryable?: unknown };
  if (typeof message !== "string") throw new TypeError("the failure of an activity is an Error, or { message, data?, retryable? }");
  const isFinal = isNonRetryable(error) || (!(error instanceof Error) && retryable === false);
  const shown = message !== "" ? message : typeof name === "string" && name !== "" ? name : "the activity has failed";
  return { message: shown, retryable: !isFinal, ...(data === undefined ? {} : { data }) };
}
