import { LockError, PersistenceError, QueueError, WfeError } from "wfe-core";

/** What an answer of the server that is an error begins with (`READONLY`, `ERR`); `undefined` when it is no answer of the server. */
function answerOf(error: unknown): string | undefined {
  // Of `redis-errors`, whose classes the driver does not export.
  return error instanceof Error && error.name === "ReplyError" ? /^[A-Z]+/.exec(error.message)?.[0] : undefined;
}

/** Answers of a server that does not let this client in. */
const REFUSALS = ["WRONGPASS", "NOAUTH", "NOPERM"];
/** Before Redis 6, and for settings that want no password. */
const REFUSING_TEXT = /^ERR (invalid password|AUTH )/;
/** Answers after which the same request, on the same or another connection, may succeed in a moment. */
const PASSING = ["LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS", "READONLY", "UNBLOCKED", "MOVED", "ASK"];
/** Errors of the driver that are no fault of the connection. */
const USES: readonly string[] = ["Connection in subscriber mode", "Connection is in monitoring mode"];

/** Whether the server refuses access: no other connection can be any better. */
function isRefusal(error: unknown): boolean {
  const answer = answerOf(error);
  return answer !== undefined && (REFUSALS.includes(answer) || REFUSING_TEXT.test((error as Error).message));
}

/** Whether a script has to be sent whole, since the server does not know it (any more). */
export function isUnknownScript(error: unknown): boolean {
  return answerOf(error) === "NOSCRIPT";
}

/** Whether the connection, or the server behind it, is lost: it was ended, it cannot be reached, or no answer comes. */
export function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error) || answerOf(error) !== undefined) return false;
  if (error instanceof TypeError || error instanceof RangeError || error instanceof WfeError) return false;
  return !USES.some((beginning) => error.message.startsWith(beginning));
}

/** Whether the same request may succeed in a moment. */
export function isPassing(error: unknown): boolean {
  const answer = answerOf(error);
  return answer === undefined ? isConnectionLoss(error) : PASSING.includes(answer);
}

/**
 * The typed error for what the driver or the server threw; errors of the engine stay as they are.
 *
 * @param store - What to call the Redis in messages; without secrets.
 * @param last - What the driver has said of the connection, which tells more than that a command has failed for want of one.
 */
export function storeError(error: unknown, store: string, last?: Error): WfeError {
  if (error instanceof WfeError) return error;
  const make = (code: ConstructorParameters<typeof PersistenceError>[0], text: string, retryable: boolean, cause = error): PersistenceError =>
    new PersistenceError(code, `${store} ${text}`, { cause, retryable });
  const answer = answerOf(error);
  if (isRefusal(error)) {
    return make("WFE_STORE_UNREACHABLE", `refuses access: ${messageOf(error)}; check the user, its password and its rights`, false);
  }
  if (answer === "READONLY") return make("WFE_STORE_READ_ONLY", "is read-only: it is a replica; connect to the primary", true);
  if (answer === "OOM") return make("WFE_STORE_FULL", "is full: it has reached its maxmemory; give it more, or remove what is not needed", true);
  if (answer === "MISCONF") return make("WFE_STORE_FULL", `accepts no writes, because it cannot save to its disk: ${messageOf(error)}`, true);
  if (answer === "CROSSSLOT") {
    return make("WFE_PERSISTENCE_FAILED", `keeps the keys of one request in different slots: ${messageOf(error)}; use one keyPrefix`, false);
  }
  if (answer !== undefined && PASSING.includes(answer)) return make("WFE_STORE_BUSY", `cannot answer now: ${messageOf(error)}`, true);
  if (answer === undefined && isConnectionLoss(error)) {
    const cause = last ?? error;
    return make("WFE_STORE_UNREACHABLE", `cannot be reached: ${messageOf(cause)}`, true, cause);
  }
  return make("WFE_PERSISTENCE_FAILED", `refused an operation: ${messageOf(error)}`, false);
}

/** The error of a lock provider for a failure of the store. */
export function lockError(error: unknown): WfeError {
  if (error instanceof LockError || !(error instanceof WfeError)) return error as WfeError; // the connection maps everything else before
  return new LockError(error.message, { cause: error, retryable: error.retryable });
}

/** The error of a queue provider for a failure of the store. */
export function queueError(error: unknown): WfeError {
  if (error instanceof QueueError || !(error instanceof WfeError)) return error as WfeError; // the connection maps everything else before
  return new QueueError(error.message, { cause: error, retryable: error.retryable });
}

/** What an error says. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; "); // every address was tried
  return error instanceof Error ? error.message : String(error);
}
