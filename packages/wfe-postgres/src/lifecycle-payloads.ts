import { decodeLifecycleEvent, type LifecycleEvent, type LifecycleMessage } from "wfe-core";

/** A notification has to be shorter than 8,000 bytes; the rest is for what stands before the piece. */
const PIECE_BYTES = 7_900;
/** Characters of an error's message that are sent. All of it is in the store. */
const MOST_CHARACTERS = 2 ** 20;
const SHORTENED = "… (shortened)";

const PAYLOAD = /^(\S+) (\d+) (\d+) (\d+) /;

/** An event as the text that it travels as. */
export function eventText(event: LifecycleEvent): string {
  const isLong = event.type === "error" && event.error.message.length > MOST_CHARACTERS;
  return JSON.stringify(isLong ? { ...event, error: { ...event.error, message: shortened(event.error.message) } } : event);
}

function shortened(message: string): string {
  return message.slice(0, MOST_CHARACTERS - SHORTENED.length) + SHORTENED;
}

/**
 * Notifications that carry the events of a message, to be sent in one transaction: `<from> <sequence> <place> <count> <piece of the text>`. Many short
 * events share one, and a long one takes several.
 */
export function payloadsOf(from: string, sequence: number, events: readonly string[]): readonly string[] {
  const bytes = Buffer.from(`[${events.join(",")}]`);
  const pieces: string[] = [];
  for (let begin = 0; begin < bytes.length; ) {
    let end = Math.min(begin + PIECE_BYTES, bytes.length);
    // Not within a character: what follows its first byte begins with the bits 10.
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    pieces.push(bytes.toString("utf8", begin, end));
    begin = end;
  }
  return pieces.map((piece, place) => `${from} ${sequence} ${place} ${pieces.length} ${piece}`);
}

/** Puts messages together from the notifications of a connection, which come in the order in which they were sent, those of a transaction in one piece. */
export class PayloadReader {
  #pieces: string[] = [];
  /** Of whom the pieces are. */
  #head = "";

  /**
   * @returns The message that this is the last piece of.
   * @throws Error that says what is wrong: anybody may send in the channel.
   */
  read(payload: string): LifecycleMessage | undefined {
    const [begin, from, sequence, place, count] = PAYLOAD.exec(payload) ?? [];
    if (begin === undefined || from === undefined) throw new Error("it is of another form");
    const head = `${from} ${sequence} ${count}`;
    if (Number(place) === 0) {
      this.#pieces = [];
      this.#head = head;
    }
    if (head !== this.#head || Number(place) !== this.#pieces.length) throw new Error("it is a piece of what has not begun");
    this.#pieces.push(payload.slice(begin.length));
    if (this.#pieces.length < Number(count)) return undefined;
    const text = this.#pieces.join("");
    this.forget();
    const events: unknown = JSON.parse(text);
    if (!Array.isArray(events)) throw new Error("it has no events");
    return { from, sequence: Number(sequence), events: events.map(decodeLifecycleEvent) };
  }

  /** The rest of what has begun does not come. */
  forget(): void {
    this.#pieces = [];
    this.#head = "";
  }
}
