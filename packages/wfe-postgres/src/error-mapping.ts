import { LockError, PersistenceError, QueueError, WfeError } from "wfe-core";
import { StatementFailure } from "./connection.ts";

/** Code of PostgreSQL (`SQLSTATE`, five characters) or of the system (`ECONNRESET`); `undefined` when there is none. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code; // anything can be thrown
  return typeof code === "string" ? code : undefined;
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

function isOneOf(code: string | undefined, families: readonly string[]): boolean {
  return code !== undefined && families.some((family) => code.startsWith(family));
}

/** Whether the server has answered: it has then taken back the statement whole. */
function isAnswer(code: string | undefined): code is string {
  return code !== undefined && SQLSTATE.test(code) && /\d/.test(code);
}

/**
 * Whether the connection, or the server behind it, is lost: it was ended, also for the time it took, it is starting or stopping, it cannot be
 * reached, it has become a replica, or its session has forgotten what was prepared in it. Another connection may lead to a server that works.
 */
export function isConnectionLoss(error: unknown): boolean {
  const code = codeOf(error);
  if (isAnswer(code)) return isOneOf(code, ["08", "57P", "25006", "25P03", "25P04", "26000", "53300"]);
  if (isHopeless(error)) return false;
  // Errors of the system have a code of another form; those of the driver have none.
  return error instanceof Error && !(error instanceof TypeError) && !(error instanceof RangeError) && !(error instanceof WfeError);
}

/** What the driver begins its errors with when a password is missing or of another kind than the server wants, and for a pool that its owner has ended. */
const REFUSALS = ["SASL: "];
const ENDED_POOL = "Cannot use a pool after calling end on the pool";

function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSALS.some((beginning) => error.message.startsWith(beginning));
}

/** Whether no other connection can be any better, though the server has not said so. */
function isHopeless(error: unknown): boolean {
  return isRefusal(error) || (error instanceof Error && error.message === ENDED_POOL);
}

/** Whether the server has taken back the transaction because of others, so that the same one may succeed in a moment. */
export function isTransient(error: unknown): boolean {
  return isOneOf(codeOf(error), ["40001", "40P01", "55P03", "53200"]);
}

/** Whether a connection can be used further after this error. */
export function mayKeepConnection(error: unknown): boolean {
  return isAnswer(codeOf(error)) && !isConnectionLoss(error);
}

/** What the driver says when the server has not answered in time. */
const NO_ANSWER = "Query read timeout";

/**
 * Whether what was connected to has led astray with a connection that seems to be well: no answer comes, as in a lost network, or it is a replica.
 * Others that were made before it would, too.
 */
export function leadsAstray(error: unknown): boolean {
  return codeOf(error) === "25006" || (error instanceof Error && error.message === NO_ANSWER);
}

/** Losses of a connection with which the server says that it has done nothing. */
const NOT_DONE = ["25006", "26000", "53300"];

/** Whether a statement that failed so may have been carried out. */
export function mayHaveHappened(failure: StatementFailure): boolean {
  const code = codeOf(failure.cause);
  return failure.sent && isConnectionLoss(failure.cause) && !isOneOf(code, NOT_DONE);
}

/** Code of the schema's functions for a name or an id that another instance has; the detail is it. */
const NAME_TAKEN = "WF001";

/** The name, as it is stored, that another instance has; `undefined` for any other error. */
export function takenName(error: unknown): string | undefined {
  const cause = error instanceof WfeError ? error.cause : error;
  const { detail } = (cause ?? {}) as { readonly detail?: unknown }; // of the driver
  return codeOf(cause) === NAME_TAKEN && typeof detail === "string" ? detail : undefined;
}

/** Whether one request of several may be the reason for an error of the store, and not the store as a whole. */
export function mayBeOnes(error: unknown): boolean {
  return error instanceof PersistenceError && error.code === "WFE_PERSISTENCE_FAILED";
}

/**
 * The typed error for what the driver or the server threw; errors of the engine stay as they are.
 *
 * @param store - What to call the database in messages; without secrets.
 * @param mayBeDone - Whether what has failed may have been carried out all the same.
 */
export function storeError(error: unknown, store: string, mayBeDone = false): WfeError {
  if (error instanceof WfeError) return error;
  const cause = error instanceof StatementFailure ? error.cause : error;
  const code = codeOf(cause);
  const make = (what: ConstructorParameters<typeof PersistenceError>[0], text: string, retryable: boolean): PersistenceError =>
    new PersistenceError(what, text, { cause, retryable });
  if (code === "25006") {
    return make("WFE_STORE_READ_ONLY", `${store} is read-only: it is a replica, or its transactions are set to be; connect to the primary`, true);
  }
  if (isOneOf(code, ["28", "3D000"]) || code === "42501" || isRefusal(cause)) {
    return make("WFE_STORE_UNREACHABLE", `${store} refuses access: ${message(cause)}; check the role, its password and its rights`, false);
  }
  if (isTransient(cause)) return make("WFE_STORE_BUSY", `${store} has ended a transaction because of others: ${message(cause)}`, true);
  if (isOneOf(code, ["53100"])) return make("WFE_STORE_FULL", `${store} cannot grow: its disk is full`, true);
  if (isOneOf(code, ["XX001", "XX002"])) return make("WFE_STORE_CORRUPT", `${store} is damaged: ${message(cause)}`, false);
  if (isConnectionLoss(cause)) {
    const unknown = mayBeDone ? "; whether the operation was carried out is not known" : "";
    return make("WFE_STORE_UNREACHABLE", `${store} cannot be reached: ${message(cause)}${unknown}`, true);
  }
  return make("WFE_PERSISTENCE_FAILED", `${store} refused an operation: ${message(cause)}`, isOneOf(code, ["57014"]));
}

/** The error of a lock provider for a failure of the store. */
export function lockError(error: unknown): WfeError {
  if (error instanceof LockError || !(error instanceof WfeError)) return error as WfeError; // the database maps everything else before
  return new LockError(error.message, { cause: error, retryable: error.retryable });
}

/** The error of a queue provider for a failure of the store. */
export function queueError(error: unknown): WfeError {
  if (error instanceof QueueError || !(error instanceof WfeError)) return error as WfeError; // the database maps everything else before
  return new QueueError(error.message, { cause: error, retryable: error.retryable });
}

function message(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(message).join("; "); // every address was tried
  return error instanceof Error ? error.message : String(error);
}
