import { type Clock, type Entropy, type LifecycleEvent, Pauses } from "wfe-core";
import { eventText, payloadsOf } from "./lifecycle-payloads.ts";

/**
 * The first event waits so long for others. Statements are what it costs to publish, and nobody waits for a notification as long as a person notices:
 * without the pause chains of ten short steps took a seventh longer.
 */
const GATHER_MS = 10;
/** Characters of one statement, about, unless a single event has more. */
const CHARACTERS_PER_STATEMENT = 2 ** 20;
/** A stop waits so long for what is still to be sent. */
const LAST_SENDS_MS = 1_000;

/** What a {@link LifecycleOutbox} works with. */
export interface LifecycleOutboxOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Sends notifications to those who listen; with none it only asks. @returns Whether somebody does. */
  readonly tell: (payloads: readonly string[]) => Promise<boolean>;
}

/** Events that travel together. */
interface Batch {
  readonly events: LifecycleEvent[];
  readonly sent: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Sends lifecycle events in the order in which they are given, those of a moment together. While nobody listens it only asks whether somebody does. */
export class LifecycleOutbox {
  readonly #options: LifecycleOutboxOptions;
  readonly #pauses: Pauses;
  #from = "";
  #sequence = 0;
  #batch: Batch | undefined;
  #sending: Promise<void> | undefined;
  #isHeard = false;
  #isClosing = false;

  constructor(options: LifecycleOutboxOptions) {
    this.#options = options;
    this.#pauses = new Pauses(options);
  }

  /** To be called before the first event, and again after {@link close}. */
  open(): void {
    this.#from = this.#options.entropy.id();
    this.#sequence = 0;
    this.#isHeard = false;
    this.#isClosing = false;
  }

  /** Resolves when the server has it, or nobody listens. @throws what `tell` says, when it cannot be sent. */
  send(event: LifecycleEvent): Promise<void> {
    const batch = (this.#batch ??= newBatch());
    batch.events.push(event);
    this.#sending ??= this.#sendAll();
    return batch.sent;
  }

  /** Sends what is left without waiting for company. Resolves when that is done, or has lasted for a second. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#pauses.end();
    const late = this.#pauses.wait(LAST_SENDS_MS);
    await Promise.race([this.#sending, late]);
    this.#pauses.end();
  }

  /** Never rejects. */
  async #sendAll(): Promise<void> {
    while (this.#batch !== undefined) {
      if (!this.#isClosing) await this.#pauses.wait(GATHER_MS);
      const batch = this.#batch;
      this.#batch = undefined;
      try {
        await this.#sendBatch(batch.events);
        batch.resolve();
      } catch (error) {
        this.#sequence += 1; // a gap for those who listen
        batch.reject(error);
      }
    }
    this.#sending = undefined;
  }

  async #sendBatch(events: readonly LifecycleEvent[]): Promise<void> {
    const { tell } = this.#options;
    if (!this.#isHeard) this.#isHeard = await tell([]);
    if (!this.#isHeard) return;
    for (const texts of statementsOf(events)) {
      this.#sequence += 1;
      this.#isHeard = await tell(payloadsOf(this.#from, this.#sequence, texts));
    }
  }
}

function newBatch(): Batch {
  let settle: Pick<Batch, "resolve" | "reject"> | undefined;
  const sent = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { events: [], sent, ...(settle as unknown as Pick<Batch, "resolve" | "reject">) }; // set by now
}

/** Texts of the events of each statement. */
function* statementsOf(events: readonly LifecycleEvent[]): Iterable<readonly string[]> {
  let texts: string[] = [];
  let characters = 0;
  for (const event of events) {
    const text = eventText(event);
    if (texts.length > 0 && characters + text.length > CHARACTERS_PER_STATEMENT) {
      yield texts;
      texts = [];
      characters = 0;
    }
    texts.push(text);
    characters += text.length;
  }
  yield texts;
}
