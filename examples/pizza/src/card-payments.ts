import { setTimeout as sleep } from "node:timers/promises";
import { readRecords, RecordFile } from "./record-file.ts";

/** One payment that was made. */
export interface Payment {
  readonly id: string;
  /** The caller's idempotency key. */
  readonly key: string;
  readonly orderId: string;
  readonly cents: number;
}

/** What a charge needs. */
export interface Charge {
  readonly orderId: string;
  readonly cents: number;
  readonly token: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

/**
 * Stands in for a payment service: it remembers idempotency keys, as real ones do, and is not always there. It outlives the worker because
 * its books are a file of its own.
 */
export class CardPayments {
  readonly #books: RecordFile<Payment>;
  readonly #byKey: Map<string, Payment>;

  constructor(path: string) {
    this.#byKey = new Map(readRecords<Payment>(path).map((payment) => [payment.key, payment]));
    this.#books = new RecordFile(path);
  }

  /**
   * Charges a card once per idempotency key.
   *
   * @returns The payment's id; that of the first payment when the key was used before.
   * @throws Error while the service is away: at the first one or two attempts, for some cards.
   */
  async charge({ orderId, cents, token, attempt, idempotencyKey, signal }: Charge): Promise<string> {
    await sleep(15, undefined, { signal });
    if (attempt <= attemptsThatFail(token)) throw new Error(`the payment service did not answer (attempt ${attempt})`);
    const made = this.#byKey.get(idempotencyKey);
    if (made !== undefined) return made.id;
    const payment: Payment = { id: `pay_${String(this.#byKey.size + 1).padStart(6, "0")}`, key: idempotencyKey, orderId, cents };
    this.#books.append(payment);
    this.#byKey.set(idempotencyKey, payment);
    await sleep(10, undefined, { signal });
    return payment.id;
  }

  close(): void {
    this.#books.close();
  }
}

/** How many attempts with this card fail before one is made. */
export function attemptsThatFail(token: string): number {
  return token.endsWith("0") ? 2 : token.endsWith("1") || token.endsWith("2") ? 1 : 0;
}
