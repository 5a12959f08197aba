import { Command, Redis } from "ioredis";
import type { RedisConnection } from "wfe-redis";
import type { VirtualClock } from "../src/test-support/index.ts";

type Send = (command: Command, stream?: Parameters<Redis["sendCommand"]>[1]) => unknown;

/** A copy of the client, which blocks on markers. */
interface Copy {
  /** What the server calls its connection. */
  id: number | undefined;
  /** Whether it waits for a command that blocks. */
  isBlocked: boolean;
}

/** What copies wait in. */
const BLOCKING = "bzpopmin";

/**
 * A client for whose commands a virtual clock waits, so that time stands still while the server works. Its copies answer when something comes, which may be
 * never: of them the server is asked. All is at rest when it has each of them blocked, since it gives a marker in the same moment as it gets it, to who
 * is blocked then; otherwise a command has not come to it yet, or a marker is on its way.
 */
export class TrackedRedis extends Redis {
  readonly #copies = new Set<Copy>();
  /** Commands so far. */
  #sent = 0;
  /** How many there were when all was at rest. */
  #sentAtRest = 0;
  #clock: VirtualClock | undefined;
  #endAsking = (): void => {};

  /** Goes by the clock of the test that is run. */
  useClock(clock: VirtualClock | undefined): void {
    this.#endAsking();
    this.#clock = clock;
    this.#endAsking = clock?.askBeforeMoving(() => this.#isAtRest()) ?? ((): void => {});
  }

  override sendCommand(...[command, stream]: Parameters<Redis["sendCommand"]>): unknown {
    const sent = super.sendCommand(command, stream);
    this.#track(command as Command); // the driver sends nothing else
    return sent;
  }

  /** Goes along with what a connection over this client makes copies of it for. */
  follow(connection: RedisConnection): void {
    const duplicate = connection.duplicate.bind(connection);
    const followed: RedisConnection["duplicate"] = (...args) => {
      const client = duplicate(...args);
      this.#followCopy(client as Redis); // like this one
      return client;
    };
    Object.assign(connection, { duplicate: followed });
  }

  #followCopy(client: Redis): void {
    const copy: Copy = { id: undefined, isBlocked: false };
    const send = client.sendCommand.bind(client) as Send;
    this.#copies.add(copy);
    client.once("end", () => this.#copies.delete(copy));
    const tracked: Send = (command, stream) => {
      const sent = send(command, stream);
      if (command.name === BLOCKING) this.#trackBlocked(copy, command.promise);
      else this.#track(command);
      if (command.name === "client" && command.args[0] === "ID") command.promise.then((id) => (copy.id = Number(id)), ignore);
      return sent;
    };
    Object.assign(client, { sendCommand: tracked });
  }

  #track(command: Command): void {
    this.#sent += 1;
    void this.#clock?.track(command.promise);
  }

  #trackBlocked(copy: Copy, answer: Promise<unknown>): void {
    this.#sent += 1;
    copy.isBlocked = true;
    const end = (): void => {
      this.#sent += 1;
      copy.isBlocked = false;
    };
    answer.then(end, end);
  }

  async #isAtRest(): Promise<boolean> {
    const sent = this.#sent;
    if (sent === this.#sentAtRest) return true;
    const ids = [...this.#copies].flatMap(({ id, isBlocked }) => (isBlocked ? [id ?? 0] : []));
    if (ids.length > 0) {
      const question = new Command("client", ["LIST", "ID", ...ids.map(String)], { replyEncoding: "utf8" });
      super.sendCommand(question);
      const clients = String(await question.promise)
        .trim()
        .split("\n");
      if (clients.filter((client) => / flags=\w*b/.test(client)).length < ids.length) return false;
    }
    this.#sentAtRest = sent;
    return true;
  }
}

/** Who has sent it hears of it. */
function ignore(): void {}
